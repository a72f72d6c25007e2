-- publish when: the rows stay
{% set alteration = "alter table " ~ relation ~ " drop column " ~ (column | quote) %}
{% include "under_views/0/0" %};

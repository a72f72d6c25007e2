-- publish when: the rows stay
{% set alteration = "alter table " ~ relation ~ " alter column " ~ (column | quote) ~ " type " ~ (data_type | type) ~ " using " ~ (column | quote) ~ "::" ~ (data_type | type) %}
{% include "under_views/0/0" %};

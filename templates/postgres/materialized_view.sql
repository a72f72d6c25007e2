Refreshed where its query is what it was, else made beside the relation that stands.

-- publish
drop view if exists {{ stage }};
create view {{ stage }} as
{{ query }};
{% include "materialize/0/0" %};
{% set refreshes = true %}
{% include "swap/0/0" %};
{% include "indexes/0/0" %};

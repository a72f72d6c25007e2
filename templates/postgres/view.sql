Made beside the relation that stands, which it then takes the place of.

-- publish
drop view if exists {{ stage }};
create view {{ stage }} as
{{ query }};
{% include "swap/0/0" %};

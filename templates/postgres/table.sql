Built beside the table that stands, which it then takes the place of.

-- stage
drop table if exists {{ stage }};
create {{ "unlogged " if options.unlogged }}table {{ stage }}{% if options.fillfactor %} with (fillfactor = {{ options.fillfactor }}){% endif %} as
{{ query }};

-- publish
{% include "swap/0/0" %};
{% include "indexes/0/0" %};

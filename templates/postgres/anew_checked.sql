A table that is made anew, and looked at before it takes its place.

-- stage when: the relation is made anew
drop table if exists {{ stage }};
create {{ "unlogged " if options.unlogged }}table {{ stage }}{% if options.fillfactor %} with (fillfactor = {{ options.fillfactor }}){% endif %} as
{{ query }};

-- publish when: the relation is made anew
{% include "swap/0/0" %};
{% include "indexes/0/0" %};

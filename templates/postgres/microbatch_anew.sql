The first interval of a table that is made anew: rows of other times are left out, as later intervals
leave them out, also where no input could be narrowed.

-- stage when: the relation is made anew
drop table if exists pg_temp.{{ batch }};
create temporary table {{ batch }} as
{{ query }};

-- publish when: the relation is made anew
drop table if exists {{ stage }};
create {{ "unlogged " if options.unlogged }}table {{ stage }}{% if options.fillfactor %} with (fillfactor = {{ options.fillfactor }}){% endif %} as
select * from {{ batch }}
where {{ event_time }} >= {{ start | literal }}
  and {{ event_time }} < {{ end | literal }};
{% include "swap/0/0" %};
{% include "indexes/0/0" %};
drop table {{ batch }};

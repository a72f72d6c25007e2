-- query
select current_database(), n.nspname, c.relname, c.relkind
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where n.nspname in ({% for schema in schemas %}{{ schema | literal }}{{ ", " if not loop.last }}{% endfor %})
  and c.relkind in ('r', 'v', 'm', 'p', 'f')
order by 2, 3;

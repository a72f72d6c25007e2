What is called so; several kinds of one name cannot be.

-- query
select c.relkind
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where c.relname = {{ name | literal }}
  and {% if schema is none %}pg_table_is_visible(c.oid){% elif schema == 'pg_temp' %}n.oid = pg_my_temp_schema(){% else %}n.nspname = {{ schema | literal }}{% endif %}

  and c.relkind in ('r', 'v', 'm', 'p', 'f');

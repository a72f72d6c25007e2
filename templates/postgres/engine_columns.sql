A relation that has no columns answers one row without a name.

-- query
select a.attname, format_type(a.atttypid, a.atttypmod), not a.attnotnull
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
left join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relname = {{ name | literal }}
  and {% if schema is none %}pg_table_is_visible(c.oid){% elif schema == 'pg_temp' %}n.oid = pg_my_temp_schema(){% else %}n.nspname = {{ schema | literal }}{% endif %}

  and c.relkind in ('r', 'v', 'm', 'p', 'f')
order by a.attnum;

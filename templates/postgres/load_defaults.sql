The columns of a table that get a value by themselves.

-- query
select a.attname
from pg_attribute as a
join pg_class as c on c.oid = a.attrelid
join pg_namespace as n on n.oid = c.relnamespace
where n.nspname = {{ schema_name | literal }}
  and c.relname = {{ identifier | literal }}
  and a.attnum > 0
  and not a.attisdropped
  and (a.atthasdef or a.attidentity <> '');

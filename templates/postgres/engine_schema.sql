-- query
select nspname from pg_namespace where nspname = {{ schema | literal }};

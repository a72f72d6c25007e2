-- query
select
    current_setting('server_version'),
    current_user,
    current_database(),
    pg_is_in_recovery() or current_setting('default_transaction_read_only')::boolean,
    (select count(*) filter (where
            has_schema_privilege(n.oid, 'usage') and has_any_column_privilege(c.oid, 'select'))
        || ' of ' || count(*)
     from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
     where c.relkind in ('r', 'v', 'm', 'p', 'f')
       and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\_toast%'),
    {% if schema is not none %}
    coalesce((select has_schema_privilege(oid, 'create') from pg_namespace where nspname = {{ schema | literal }}),
             has_database_privilege(current_database(), 'create')),
    {{ schema | literal }}
    {% else %}
    coalesce(has_schema_privilege(current_schema(), 'create'), false),
    coalesce(current_schema(), '')
    {% endif %},
    (select ssl from pg_stat_ssl where pid = pg_backend_pid());

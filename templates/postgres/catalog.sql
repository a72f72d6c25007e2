One document with every relation that a wanted name may mean, its columns, and all the types that
these and `types` are made of.
-- query
with recursive wanted (place, schema_name, table_name) as (
    {% if tables %}
    values
    {% for table in tables %}
        ({{ table.place }}, {% if table.schema is none %}null::text{% else %}{{ table.schema | literal }}{% endif %}, {{ table.name | literal }}){% if not loop.last %},{% endif %}

    {% endfor %}
    {% else %}
    select 0, ''::text, ''::text where false
    {% endif %}
),
relations as (
    select
        w.place, c.oid, n.nspname, c.relname, c.relkind,
        c.relname = w.table_name and (w.schema_name is null or n.nspname = w.schema_name) as exact,
        has_schema_privilege(n.oid, 'usage') and has_any_column_privilege(c.oid, 'select') as readable
    from wanted as w
    join pg_class as c on lower(c.relname) = lower(w.table_name)
    join pg_namespace as n on n.oid = c.relnamespace
    where c.relkind in ('r', 'v', 'm', 'p', 'f')
      and case
          when w.schema_name is null then pg_table_is_visible(c.oid)
          else lower(n.nspname) = lower(w.schema_name)
      end
),
columns as (
    select distinct a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull
    from pg_attribute as a
    where a.attrelid in (select oid from relations) and a.attnum > 0 and not a.attisdropped
),
reached (oid) as (
    select atttypid from columns
    {% for oid in types %}
    union select {{ oid }}::oid
    {% endfor %}
    union
    select part.oid
    from reached
    join pg_type as t on t.oid = reached.oid
    cross join lateral (
        select t.typelem where t.typcategory = 'A' and t.typelem <> 0
        union all
        select t.typbasetype where t.typtype = 'd'
        union all
        select a.atttypid from pg_attribute as a
        where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
    ) as part (oid)
)
select json_build_object(
    'relations', coalesce((select json_agg(json_build_object(
        'place', place, 'oid', oid::bigint, 'schema', nspname, 'name', relname, 'kind', relkind,
        'exact', exact, 'readable', readable)) from relations), '[]'),
    'columns', coalesce((select json_agg(json_build_object(
        'relation', attrelid::bigint, 'name', attname, 'type', atttypid::bigint,
        'modifier', atttypmod, 'not_null', attnotnull) order by attrelid, attnum) from columns), '[]'),
    'types', coalesce((select json_agg(json_build_object(
        'oid', t.oid::bigint, 'schema', n.nspname, 'name', t.typname, 'kind', t.typtype,
        'category', t.typcategory, 'element', t.typelem::bigint, 'base', t.typbasetype::bigint,
        'modifier', t.typtypmod,
        'fields', (select json_agg(json_build_object(
            'name', a.attname, 'type', a.atttypid::bigint, 'modifier', a.atttypmod) order by a.attnum)
            from pg_attribute as a
            where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped)))
        from pg_type as t join pg_namespace as n on n.oid = t.typnamespace
        where t.oid in (select oid from reached)), '[]')
);

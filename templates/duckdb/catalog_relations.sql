-- Every relation in the schemas of $1, a JSON list of [database, schema] where null means the
-- connection's own.
with wanted as (
    select
        lower(coalesce(schema_of->>0, current_database())) as database_name,
        lower(coalesce(schema_of->>1, current_schema())) as schema_name
    from (select unnest(from_json($1::varchar, '["JSON"]')) as schema_of)
),

relations as (
    select database_name, schema_name, table_name as relation_name, 'table' as kind
    from duckdb_tables()
    union all
    select database_name, schema_name, view_name, 'view'
    from duckdb_views()
)

select relations.database_name, relations.schema_name, relations.relation_name, relations.kind
from relations
semi join wanted
    on lower(relations.database_name) = wanted.database_name
    and lower(relations.schema_name) = wanted.schema_name
order by all

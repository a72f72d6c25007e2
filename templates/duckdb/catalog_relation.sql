-- What is the relation called $3 in schema $2 of database $1? Temporary ones stand for no schema.
select table_name, kind
from (
    select database_name, schema_name, table_name, 'table' as kind from duckdb_tables()
    union all
    select database_name, schema_name, view_name, 'view' as kind from duckdb_views()
) as relations
where lower(database_name) = lower(coalesce($1::varchar, current_database()))
  and lower(schema_name) = lower(coalesce($2::varchar, current_schema()))
  and lower(table_name) = lower($3::varchar)
order by table_name = $3::varchar desc
limit 1

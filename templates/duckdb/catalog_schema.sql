-- Is there a schema $2 in database $1?
select schema_name
from duckdb_schemas()
where lower(database_name) = lower(coalesce($1::varchar, current_database()))
  and lower(schema_name) = lower($2::varchar)
limit 1

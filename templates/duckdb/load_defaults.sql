The columns of a table that get a value by themselves.

-- query
select column_name
from duckdb_columns()
where lower(database_name) = lower({{ database | literal }})
  and lower(schema_name) = lower({{ schema_name | literal }})
  and lower(table_name) = lower({{ identifier | literal }})
  and column_default is not null;

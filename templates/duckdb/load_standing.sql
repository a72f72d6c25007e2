What stands on a table and would go with it: comments and indexes, as statements and as values.

-- query
select 'index' as kind, index_name as name, sql as "text"
from duckdb_indexes()
where lower(database_name) = lower({{ database | literal }})
  and lower(schema_name) = lower({{ schema_name | literal }})
  and lower(table_name) = lower({{ identifier | literal }})
  and not is_primary
union all
select 'table' as kind, table_name as name, "comment" as "text"
from duckdb_tables()
where lower(database_name) = lower({{ database | literal }})
  and lower(schema_name) = lower({{ schema_name | literal }})
  and lower(table_name) = lower({{ identifier | literal }})
  and "comment" is not null
union all
select 'column' as kind, column_name as name, "comment" as "text"
from duckdb_columns()
where lower(database_name) = lower({{ database | literal }})
  and lower(schema_name) = lower({{ schema_name | literal }})
  and lower(table_name) = lower({{ identifier | literal }})
  and "comment" is not null
order by all;

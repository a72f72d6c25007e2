select json_serialize_sql(statement, skip_null := true, skip_empty := true, skip_default := true)
from (select unnest([{{statements}}]::varchar[]) as statement)

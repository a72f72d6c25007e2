{#- The first value of a column that its type does not hold. -#}
{%- from "csv_read.sql" import rows -%}
with cells as (
{{ rows(parts) }}
)

select {{ column.name | quote }}
from cells
where {{ column.name | quote }} is not null
  and try_cast({{ column.name | quote }} as {{ column.type }}) is null
limit 1

{#- How many values of each column its type does not hold. -#}
{%- from "csv_read.sql" import rows -%}
with cells as (
{{ rows(parts) }}
)

select
{%- for column in columns %}
    count(case
        when {{ column.name | quote }} is not null
            and try_cast({{ column.name | quote }} as {{ column.type }}) is null
        then 1
    end){% if not loop.last %},{% endif %}
{%- endfor %}
from cells

{#- How many values of each column with a named type it does not hold exactly. -#}
{%- from "csv_read.sql" import rows -%}
with cells as (
{{ rows(parts, options) }}
)

select
{%- for column in columns %}
    count(case
        when {{ column.name | quote }} is not null
            and try_cast(replace({{ column.name | quote }}, {{ options.point | literal }}, '.') as {{ column.type }}) is null
        then 1
    end){% if not loop.last %},{% endif %}
{%- endfor %}
from cells

{#- The first value of a column that its named type does not hold exactly. -#}
{%- from "csv_read.sql" import rows -%}
{%- from "text_kind.sql" import kind -%}
with cells as (
{{ rows(parts, options) }}
),

numbered as (
    select
        row_number() over () as row_of_file,
        {{ column.name | quote }} as value
    from cells
)

select row_of_file, value
from numbered
where value is not null
  and (
    ({{ kind("value", options) }}) & {{ kinds }} = 0
    or try_cast(replace(value, {{ options.point | literal }}, '.') as {{ column.type }}) is null
{%- if scale is not none %}
    or length(split_part(value, {{ options.point | literal }}, 2)) > {{ scale }}
{%- endif %}
  )
limit 1

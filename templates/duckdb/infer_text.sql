{#- One row: the number of rows, then for each column the facts of facts.rs. `length` and comparison
    are ten times as fast as splitting and replacing, which are left to values with a point. -#}
{%- from "text_kind.sql" import kind -%}
with cells as (
{{ cells }}
),

kinds as (
    select
{%- for column in columns %}
    {{ column.name | quote }} as c{{ loop.index0 }},
    {{ kind(column.name | quote, options) }} as k{{ loop.index0 }},
{%- endfor %}
    from cells
)

select
    count(*)
{%- for column in columns %}
{%- set c = "c" ~ loop.index0 %}
{%- set k = "k" ~ loop.index0 %},
    bit_or({{ k }}),
    count(case when {{ k }} = 1 and length({{ c }}) > 18 and try_cast({{ c }} as bigint) is null then 1 end),
    count(case when {{ k }} = 1 and length({{ c }}) > 38 and try_cast({{ c }} as hugeint) is null then 1 end),
    max(case {{ k }}
        when 1 then length({{ c }}) - case when {{ c }} < '0' then 1 else 0 end
        when 2 then length(ltrim(split_part({{ c }}, {{ options.point | literal }}, 1), '-'))
    end),
    max(case when {{ k }} = 2 then length(split_part({{ c }}, {{ options.point | literal }}, 2)) end),
    max(case when {{ k }} = 2 then length(ltrim(replace({{ c }}, {{ options.point | literal }}, ''), '-0')) end)
{%- endfor %}
from kinds

Rows that come from another system, under the types that the table has. Every column of the view is
read, in its order and without a condition: DuckDB takes conditions on a stream for done.

-- query
{%- macro plain(text) -%}
case when {{ text }} like '%.%' then rtrim(rtrim({{ text }}, '0'), '.') else {{ text }} end
{%- endmacro %}
select
{%- for column in columns %}
{%- set name = column.name | quote %}
{%- if column.checked %}
  case
    when {{ plain("cast(" ~ name ~ " as varchar)") }}
      is distinct from {{ plain("cast(cast(" ~ name ~ " as " ~ column.type ~ ") as varchar)") }}
    then error({{ ("column `" ~ column.name ~ "`: ") | literal }} || cast({{ name }} as varchar) || {{ (" does not fit " ~ column.type) | literal }})
    else cast({{ name }} as {{ column.type }})
  end as {{ name }}
{%- else %}
  cast({{ name }} as {{ column.type }}) as {{ name }}
{%- endif %}
{{- "," if not loop.last }}
{%- endfor %}

from {{ view | quote }};

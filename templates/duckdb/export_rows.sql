The rows that leave, under types that what they go to can hold. JSON has no word for what is no
finite number: within lists and the like it stands outside of what is in quotes.

-- query
select
{%- for column in columns %}

{%- if column.type %}

  cast({{ column.name | quote }} as {{ column.type }}) as {{ column.name | quote }}
{%- elif column.finite %}

  case
    when {{ column.name | quote }} is null
{%- if column.finite == "nested" %}
      or not regexp_matches(regexp_replace(cast(to_json({{ column.name | quote }}) as varchar), '"(\\.|[^"\\])*"', '', 'g'), '[NI]')
{%- else %}
      or isfinite({{ column.name | quote }})
{%- endif %}

      then {{ column.name | quote }}
    else error({{ ("column `" ~ column.name ~ "` has NaN or an infinity, which JSON does not have: cast it to varchar, or write Parquet") | literal }})
  end as {{ column.name | quote }}
{%- else %}

  {{ column.name | quote }}
{%- endif %}
{{- "," if not loop.last }}
{%- endfor %}

from (
{{ query }}
) as export;

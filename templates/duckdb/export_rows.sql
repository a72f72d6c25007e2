The rows that leave, under types that what they go to can hold.

-- query
select
{%- for column in columns %}

{%- if column.type %}

  cast({{ column.name | quote }} as {{ column.type }}) as {{ column.name | quote }}
{%- else %}

  {{ column.name | quote }}
{%- endif %}
{{- "," if not loop.last }}
{%- endfor %}

from (
{{ query }}
) as export;

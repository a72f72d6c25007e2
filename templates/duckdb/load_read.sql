The rows of files for another engine: those after where reading starts again, under types that its
protocol has.

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
) as source
{%- if cursor and cursor.recorded %}

where {{ cursor.name | quote }} is null
  or {{ cursor.name | quote }} >= {{ cursor.since }}
{%- endif %};

Rows of the stage that make one file.

-- query
select
{%- for column in columns %}

  {{ column | quote }}
{{- "," if not loop.last }}
{%- else %}

  *
{%- endfor %}

from {{ stage }}
where rowid >= {{ start }} and rowid < {{ end }};

The rows of the source, as they come. The stage stands in the schema of the target, so that it can
become the target by a rename.

-- stage
create or replace table {{ stage }} as
{% if cursor or soft %}
select
  *
{%- if soft %},
  cast(null as timestamp with time zone) as {{ soft | quote }}
{%- endif %}

from (
{{ query }}
) as source
{%- if cursor and cursor.recorded and not streamed %}

where {{ cursor.name | quote }} is null
  or {{ cursor.name | quote }} >= {{ cursor.since }}
{%- endif %}
{% else %}
{{ query }}
{%- endif %};

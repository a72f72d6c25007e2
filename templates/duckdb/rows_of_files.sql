{#- Some rows and columns of a scan. -#}
select
{%- for name in names %}
    {{ name | quote }}{% if not loop.last %},{% endif %}
{%- endfor %}
from (
{{ query }}
)
{%- if filter %}
where {{ filter.column | quote }} >= cast({{ filter.since | literal }} as {{ filter.type }})
    {%- if filter.minutes is not none %} - to_minutes({{ filter.minutes }}){% endif %}
    {%- if filter.units is not none %} - {{ filter.units }}{% endif %}
    {%- if not filter.skips_null %} or {{ filter.column | quote }} is null{% endif %}
{%- endif %}
{%- if limit is not none %}
limit {{ limit }}
{%- endif %}

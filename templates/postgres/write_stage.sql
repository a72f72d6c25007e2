-- query
{% if in_schema %}create table {{ schema | quote }}.{{ stage | quote }}{% else %}create temporary table {{ stage | quote }}{% endif %} (
{% for column in columns %}
    {{ column.name | quote }} {{ column.type }}{% if not loop.last %},{% endif %}

{% endfor %}
){% if not in_schema %} on commit drop{% endif %};

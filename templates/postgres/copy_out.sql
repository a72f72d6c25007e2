What is read. A composite with a field that has no binary form that we read is taken apart and put
together again; a NULL stays one, which is not the same as a value whose fields are all NULL.
-- query
copy (
select
{% for column in columns %}
    {% if column.fields %}
    case when source.{{ column.name | quote }} is distinct from null then row(
    {% for field in column.fields %}
        (source.{{ column.name | quote }}).{{ field.name | quote }}{{ field.cast }}{% if not loop.last %},{% endif %}

    {% endfor %}
    ) end
    {% else %}
    source.{{ column.name | quote }}{{ column.cast }}
    {% endif %}
    {%- if not loop.last %},{% endif %}

{% endfor %}
from {% if query is none %}{{ schema | quote }}.{{ name | quote }}{% else %}(
{{ query }}
){% endif %} as source
where true
{% if pages is not none %}
    and source.ctid >= '({{ pages.first }},0)'::tid
    {% if pages.end is not none %}
    and source.ctid < '({{ pages.end }},0)'::tid
    {% endif %}
{% endif %}
{% if part is not none %}
    {% if part.nulls %}
    and source.{{ partition.column | quote }} is null
    {% else %}
    and source.{{ partition.column | quote }} is not null
    {% if part.first is not none %}
    and source.{{ partition.column | quote }} >= {{ part.first | literal }}::{{ partition.type }}
    {% endif %}
    {% if part.end is not none %}
    and source.{{ partition.column | quote }} < {{ part.end | literal }}::{{ partition.type }}
    {% endif %}
    {% endif %}
{% endif %}
{% if filter is not none %}
    and (
        source.{{ filter.column | quote }} >= {{ filter.since | literal }}::{{ filter.type }}
        {%- if filter.lag_minutes is not none %} - interval '{{ filter.lag_minutes }} minutes'{% endif %}
        {%- if filter.lag_units is not none %} - {{ filter.lag_units }}{% endif %}

        {% if not filter.skips_null %}
        or source.{{ filter.column | quote }} is null
        {% endif %}
        {% if filter.late is not none %}
        or age(source.xmin) <= age({{ filter.late | literal }}::xid)
        {% endif %}
    )
{% endif %}
{% if limit is not none %}
limit {{ limit }}
{% endif %}
) to stdout (format binary);

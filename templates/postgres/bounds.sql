Values that split the range of a column evenly; none where it has no end.
-- query
with bounds as (
    select min(source.{{ column | quote }}) as low, max(source.{{ column | quote }}) as high
    from {% if query is none %}{{ schema | quote }}.{{ name | quote }}{% else %}(
{{ query }}
){% endif %} as source
    {% if form in ['date', 'timestamp'] %}
    where isfinite(source.{{ column | quote }})
    {% elif form == 'numeric' %}
    where source.{{ column | quote }} not in ('NaN', 'Infinity', '-Infinity')
    {% endif %}
)
select bound::text as shown
from bounds, generate_series(1, {{ parts }} - 1) as i,
lateral (select
    {% if form == 'integer' %}
    ceil(low::numeric + (high::numeric - low::numeric) * i / {{ parts }})
    {% elif form == 'numeric' %}
    low + (high - low) * i / {{ parts }}
    {% elif form == 'date' %}
    low + ((high - low)::bigint * i / {{ parts }})::integer
    {% else %}
    low + (high - low) * (i::double precision / {{ parts }})
    {% endif %}
) as split (bound)
where bound is not null
order by bound;

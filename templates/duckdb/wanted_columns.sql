{#- Some columns of a scan. -#}
select
{%- for name in names %}
    {{ name | quote }}{% if not loop.last %},{% endif %}
{%- endfor %}
from (
{{ query }}
)

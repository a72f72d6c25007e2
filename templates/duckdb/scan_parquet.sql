select
{%- for column in columns %}
    {% if column.cast -%}
    cast({{ column.name | quote }} as {{ column.type }}) as {{ column.name | quote }}
    {%- else -%}
    {{ column.name | quote }}
    {%- endif %}
    {%- if not loop.last %},{% endif %}
{%- else %}
    *
{%- endfor %}
from read_parquet(
    [
{%- for file in files %}
        {{ file | literal }}{% if not loop.last %},{% endif %}
{%- endfor %}
    ],
    union_by_name = {{ union_by_name }},
    hive_partitioning = {{ hive_partitioning }},
    hive_types_autocast = false
)

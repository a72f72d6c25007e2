select
{%- for column in columns %}
    {{ column.name | quote }}{% if not loop.last %},{% endif %}
{%- else %}
    *
{%- endfor %}
from read_json(
    [
{%- for file in files %}
        {{ file | literal }}{% if not loop.last %},{% endif %}
{%- endfor %}
    ],
    format = {{ layout | literal }},
    compression = {{ compression | literal }},
    hive_partitioning = {{ hive_partitioning }},
    hive_types_autocast = false,
{%- if columns %}
    columns = {
{%- for column in columns if not column.from_path %}
        {{ column.name | literal }}: {{ column.type | literal }}{% if not loop.last %},{% endif %}
{%- endfor %}
    }
{%- else %}
    union_by_name = true,
    sample_size = -1
{%- endif %}
)

select *
from read_json(
    [
{%- for file in files %}
        {{ file | literal }}{% if not loop.last %},{% endif %}
{%- endfor %}
    ],
    compression = {{ compression | literal }},
    hive_partitioning = false,
    union_by_name = true,
    sample_size = -1
)

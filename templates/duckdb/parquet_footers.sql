{#- The schema elements of each file's footer, in order. -#}
select file_name, name, type, repetition_type, num_children, converted_type, logical_type, precision, scale
from parquet_schema([
{%- for file in files %}
    {{ file | literal }}{% if not loop.last %},{% endif %}
{%- endfor %}
])

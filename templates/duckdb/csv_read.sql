{#- Files of one header as rows; each part has the columns that the whole has, in its order. -#}
{%- macro rows(parts) -%}
{%- for part in parts %}
{%- set options = part.options %}
{%- if not loop.first %}
union all
{% endif -%}
select
{%- for column in part.columns %}
    {% if column.source == "absent" -%}
    cast(null as {{ column.type }}) as {{ column.name | quote }}
    {%- elif column.source == "json" -%}
    cast(cast({{ column.name | quote }} as json) as {{ column.type }}) as {{ column.name | quote }}
    {%- elif column.source == "instant" -%}
    {{ column.name | quote }} at time zone 'UTC' as {{ column.name | quote }}
    {%- elif column.source == "path" and column.type != "varchar" -%}
    cast({{ column.name | quote }} as {{ column.type }}) as {{ column.name | quote }}
    {%- else -%}
    {{ column.name | quote }}
    {%- endif %}
    {%- if not loop.last %},{% endif %}
{%- endfor %}
from read_csv(
    [
{%- for file in part.files %}
        {{ file | literal }}{% if not loop.last %},{% endif %}
{%- endfor %}
    ],
    auto_detect = false,
    strict_mode = true,
    header = {{ options.header }},
    skip = 0,
    delim = {{ options.delimiter | literal }},
    quote = {{ options.quote | literal }},
    escape = {{ options.quote | literal }},
    nullstr = [{% for text in options.null_values %}{{ text | literal }}{% if not loop.last %}, {% endif %}{% endfor %}],
    allow_quoted_nulls = false,
{%- if options.new_line %}
    new_line = {{ options.new_line | literal }},
{%- endif %}
    compression = {{ options.compression | literal }},
{%- if options.longest %}
    max_line_size = {{ options.longest }},
{%- endif %}
{%- if options.date_format %}
    dateformat = {{ options.date_format | literal }},
{%- endif %}
{%- if options.timestamp_format %}
    timestampformat = {{ options.timestamp_format | literal }},
{%- endif %}
{%- if options.point != "." %}
    decimal_separator = {{ options.point | literal }},
{%- endif %}
    hive_partitioning = {{ options.hive_partitioning }},
    hive_types_autocast = false,
    columns = {
{%- for field in part.fields %}
        {{ field.name | literal }}: {{ field.type | literal }}{% if not loop.last %},{% endif %}
{%- endfor %}
    }
)
{%- endfor %}
{%- endmacro -%}

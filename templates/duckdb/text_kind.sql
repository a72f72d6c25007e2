{#- The form of a value, one of the bits in facts.rs. DuckDB's casts take more than these forms:
    `try_cast('1.5' as bigint)` is 2. The first comparison sends what starts with
    neither sign, point nor digit on its way cheaply. -#}
{%- macro kind(value, options) -%}
case
        when {{ value }} is null then 0
{%- if options.date_format %}
        when try_strptime({{ value }}, {{ options.date_format | literal }}) is not null then 16
{%- endif %}
{%- if options.timestamp_format %}
        when try_strptime({{ value }}, {{ options.timestamp_format | literal }}) is not null then 32
{%- endif %}
        when {{ value }} >= '+' and {{ value }} < ':' then case
            when regexp_full_match({{ value }}, '-?(0|[1-9][0-9]*)') then 1
            when {{ value }} like '____-__-__%' then case
{%- if not options.date_format %}
                when regexp_full_match({{ value }}, '[0-9]{4}-[0-9]{2}-[0-9]{2}')
                    and try_cast({{ value }} as date) is not null then 16
{%- endif %}
{%- if not options.timestamp_format %}
                when regexp_full_match({{ value }}, '.{10}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?')
                    and try_cast({{ value }} as timestamp) is not null then 32
                when regexp_full_match({{ value }}, '.{10}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)')
                    and try_cast({{ value }} as timestamptz) is not null then 64
{%- endif %}
                else 256
            end
            when regexp_full_match({{ value }}, {{ ("-?((0|[1-9][0-9]*)[" ~ options.point ~ "][0-9]*|[" ~ options.point ~ "][0-9]+)") | literal }}) then 2
            when regexp_full_match({{ value }}, {{ ("-?((0|[1-9][0-9]*)([" ~ options.point ~ "][0-9]*)?|[" ~ options.point ~ "][0-9]+)[eE][+-]?[0-9]+") | literal }})
                and isfinite(try_cast(replace({{ value }}, {{ options.point | literal }}, '.') as double)) then 4
            when regexp_full_match({{ value }}, '[+-]?[0-9]+') then 128
            else 256
        end
        when lower({{ value }}) in ('true', 'false') then 8
        else 256
    end
{%- endmacro -%}

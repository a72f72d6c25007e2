{#- A clock time written as a number (517 is 5:17) as minutes since midnight. Midnight itself is written 2400. -#}
{% macro minutes_since_midnight(hhmm) -%}
    ({{ hhmm }} - 40 * cast(floor({{ hhmm }} / 100) as integer)) % 1440
{%- endmacro %}

{% macro euros(cents) %}
    round({{ cents }} / 100, 2)::decimal(12, 2)
{%- endmacro %}

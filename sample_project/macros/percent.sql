{#- `part` of `whole` in percent, to one decimal; null where there is no whole. -#}
{% macro percent(part, whole) -%}
    round(100.0 * {{ part }} / nullif({{ whole }}, 0), 1)
{%- endmacro %}

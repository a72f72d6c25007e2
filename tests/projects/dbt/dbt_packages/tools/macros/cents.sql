{% macro cents(column) %}
{{ return(adapter.dispatch('cents', 'tools')(column)) }}
{% endmacro %}

{% macro default__cents(column) %}
round({{ column }} * 100)
{% endmacro %}

{% macro duckdb__cents(column) %}
({{ column }} * 100)::bigint
{% endmacro %}

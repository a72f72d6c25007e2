{% macro dbt_utils_like() %}{{ return(adapter.dispatch('dbt_utils_like')()) }}{% endmacro %}
{% macro default__dbt_utils_like() %}like{% endmacro %}
{% macro say(what) %}insert into {{ target.schema }}.hook_log select '{{ what }} of {{ this.identifier }}', {{ var('day') }}{% endmacro %}
{% test at_most(model, column_name, most) %}
select {{ column_name }} from {{ model }} where {{ column_name }} > {{ most }}
{% endtest %}

{{ config(materialized='table') }}
-- depends_on: {{ ref('v_events') }}
{% set days = [] %}
{% if execute %}
{% set answer = run_query('select distinct day from ' ~ ref('v_events') ~ ' order by day') %}
{% set days = answer.columns[0].values() %}
{% endif %}
{% call statement('counted', fetch_result=true) %}select count(*) as n from {{ ref('v_events') }}{% endcall %}
select customer
{% for day in days %}, sum(case when day = {{ day }} then amount else 0 end) as day_{{ day }}{% endfor %}
{% if execute %}, {{ load_result('counted')['data'][0][0] }} as counted{% endif %}
{% for column in adapter.get_columns_in_relation(ref('typed')) %}, '{{ column.name }}' as c_{{ loop.index }}, '{{ column.is_string() }}{{ column.is_numeric() }}{{ column.is_number() }}{{ column.is_integer() }}{{ column.is_float() }}' as k_{{ loop.index }}{% endfor %}
{% set there = adapter.get_relation(database=target.database, schema=target.schema, identifier='v_events') %}
, '{{ there.is_view }}' as is_view, '{{ there is none }}' as is_missing
, '{{ adapter.get_relation(target.database, target.schema, 'no_such') is none }}' as is_none
, '{{ load_relation(ref('t_customers')).type }}' as kind
, '{{ adapter.check_schema_exists(target.database, target.schema) }}' as has_schema
, '{{ dbt_utils_like() }}' as from_macro
from {{ ref('v_events') }} group by customer

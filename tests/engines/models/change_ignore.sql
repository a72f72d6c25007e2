{{ config(materialized="incremental", incremental_strategy="append", on_schema_change="ignore") }}
select id, amount, customer{% if var("day") > 1 %}, note as extra{% endif %}, {% if var("day") > 1 %}cast(day as bigint){% else %}cast(day as integer){% endif %} as day  from {{ ref('events') }} {% if is_incremental() %}where day = {{ var("day") }}{% else %}where day <= {{ var("day") }}{% endif %}

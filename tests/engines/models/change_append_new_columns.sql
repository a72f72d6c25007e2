{{ config(materialized="incremental", incremental_strategy="append", on_schema_change="append_new_columns") }}
select id, amount, customer{% if var("day") > 1 %}, note as extra{% endif %}, day from {{ ref('events') }} {% if is_incremental() %}where day = {{ var("day") }}{% else %}where day <= {{ var("day") }}{% endif %}

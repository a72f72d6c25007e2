{{ config(materialized="incremental", incremental_strategy="append") }}
select * from {{ ref('events') }} {% if is_incremental() %}where day = {{ var("day") }}{% else %}where day <= {{ var("day") }}{% endif %}

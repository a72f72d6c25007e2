{{ config(materialized="incremental", incremental_strategy="append", full_refresh=false) }}
select * from {{ ref('events') }} {% if is_incremental() %}where day = {{ var("day") }}{% else %}where day <= {{ var("day") }}{% endif %}

{{ config(materialized="incremental", incremental_strategy="insert_overwrite", partition_by="day") }}
select * from {{ ref('events') }} {% if is_incremental() %}where day = {{ var("day") }}{% else %}where day <= {{ var("day") }}{% endif %}

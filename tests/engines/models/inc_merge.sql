{{ config(materialized="incremental", incremental_strategy="merge", unique_key="id") }}
select id, customer, amount, happened, day, note from (select *, row_number() over (partition by id order by happened desc) as place from {{ ref('events') }} {% if is_incremental() %}where day = {{ var("day") }}{% else %}where day <= {{ var("day") }}{% endif %}) as numbered where place = 1

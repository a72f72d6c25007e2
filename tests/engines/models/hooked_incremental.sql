{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{% if is_incremental() %}{{ say('again') }}{% else %}{{ say('anew') }}{% endif %}") }}
select id from {{ ref('v_events') }}

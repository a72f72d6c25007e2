{{ config(severity='warn', store_failures=true) }}
select id, amount from {{ ref('v_events') }} where amount < 0

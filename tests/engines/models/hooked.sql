{{ config(materialized='table', pre_hook="{{ say('before') }}", post_hook=["{{ say('after') }}", "update {{ this }} set amount = amount + 1 where id = 1; delete from {{ this }} where id = 2"]) }}
select id, amount from {{ ref('v_events') }}

{{ config(materialized='ephemeral') }}
with inner_one as (select * from {{ ref('latest') }}) select id, amount * 2 as twice from inner_one

{{ config(materialized='table') }}
with own as (select * from {{ ref('of_ephemeral') }})
select own.id, own.twice, l.customer from own join {{ ref('latest') }} l on l.id = own.id;

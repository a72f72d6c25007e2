{{ config(materialized='ephemeral') }}
-- only what was paid for
select *
from {{ source('raw', 'orders') }}
where paid

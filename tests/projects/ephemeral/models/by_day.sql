{{ config(materialized='ephemeral') }}
with clean as (
    select * from {{ ref('clean') }}
)
select day, count(*) as orders
from clean
group by day -- one row a day

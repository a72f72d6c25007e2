
with __dbt__cte__clean as (

-- only what was paid for
select *
from "ephemeral"."raw"."orders"
where paid
), clean as (
    select * from __dbt__cte__clean
)
select day, count(*) as orders
from clean
group by day -- one row a day
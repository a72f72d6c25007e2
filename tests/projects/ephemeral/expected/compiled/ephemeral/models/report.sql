with __dbt__cte__clean as (

-- only what was paid for
select *
from "ephemeral"."raw"."orders"
where paid
), __dbt__cte__by_day as (

with clean as (
    select * from __dbt__cte__clean
)
select day, count(*) as orders
from clean
group by day
)

select by_day.*, clean.id
from __dbt__cte__by_day as by_day
join __dbt__cte__clean as clean using (day)
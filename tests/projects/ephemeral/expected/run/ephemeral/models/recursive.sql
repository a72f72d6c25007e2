-- publish when: a table stands
drop table "ephemeral"."main"."recursive";

-- publish
create or replace view "ephemeral"."main"."recursive" as
with recursive __dbt__cte__clean as (

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
), days(day) as (
    select min(day) from __dbt__cte__by_day
    union all
    select day + 1 from days where day < date '2013-12-31'
)
select * from days;

with recursive days(day) as (
    select min(day) from {{ ref('by_day') }}
    union all
    select day + 1 from days where day < date '2013-12-31'
)
select * from days


with counted as (
    select status as value_field, count(*) as n_records
    from "tests"."main"."orders"
    group by status
)
select *
from counted
where value_field not in (
    'open',
    'paid',
    'it''s lost'
)

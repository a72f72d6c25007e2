-- query
select
  count(*) as failures,
  count(*) > 0 as should_warn,
  count(*) > 5 as should_error
from (

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
limit 10
) dbt_internal_test;

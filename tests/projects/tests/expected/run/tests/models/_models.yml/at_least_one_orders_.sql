-- query
select
  count(*) as failures,
  count(*) != 0 as should_warn,
  count(*) != 0 as should_error
from (

select 1
from (select count(*) as n from "tests"."main"."orders")
where n = 0

) dbt_internal_test;

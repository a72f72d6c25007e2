-- stage
create or replace table "tests"."main_dbt_test__audit"."orders_have_a_status" as


select *
from "tests"."main"."orders"
where status is null;

-- query
select
  count(*) as failures,
  count(*) != 0 as should_warn,
  count(*) != 0 as should_error
from (
select * from "tests"."main_dbt_test__audit"."orders_have_a_status"

) dbt_internal_test;

-- query
select
  count(*) as failures,
  count(*) != 0 as should_warn,
  count(*) != 0 as should_error
from (
select orders.id
from "tests"."main"."orders" as orders
left join "tests"."main"."customers" as customers on customers.id = orders.customer
where customers.id is null

) dbt_internal_test;

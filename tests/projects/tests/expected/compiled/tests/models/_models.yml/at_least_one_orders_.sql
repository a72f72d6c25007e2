
select 1
from (select count(*) as n from "tests"."main"."orders")
where n = 0



select *
from "tests"."main"."orders"
where status is null

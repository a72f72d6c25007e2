

select id
from "tests"."main"."orders"
where id is null

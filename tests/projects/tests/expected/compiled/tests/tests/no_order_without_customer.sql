select orders.id
from "tests"."main"."orders" as orders
left join "tests"."main"."customers" as customers on customers.id = orders.customer
where customers.id is null
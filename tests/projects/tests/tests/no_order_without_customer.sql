select orders.id
from {{ ref('orders') }} as orders
left join {{ ref('customers') }} as customers on customers.id = orders.customer
where customers.id is null

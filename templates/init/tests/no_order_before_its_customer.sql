-- An order is never older than its customer's account.
select orders.order_id
from {{ ref('stg_orders') }} as orders
inner join {{ ref('stg_customers') }} as customers using (customer_id)
where orders.ordered_at < customers.signed_up_at

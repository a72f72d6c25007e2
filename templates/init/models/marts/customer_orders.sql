-- What each customer ordered; customers without an order have zeros.
select
    customers.customer_id,
    customers.customer_name,
    count(orders.order_id) as orders,
    coalesce(sum(orders.amount), 0) as amount,
    min(orders.order_date) as first_order_date,
    max(orders.order_date) as last_order_date
from {{ ref('stg_customers') }} as customers
left join {{ ref('stg_orders') }} as orders using (customer_id)
group by all

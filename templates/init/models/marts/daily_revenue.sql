-- Revenue by day: only statuses that count as revenue.
select
    orders.order_date,
    '{{ var("currency") }}' as currency,
    count(*) as orders,
    sum(orders.amount) as revenue
from {{ ref('stg_orders') }} as orders
inner join {{ ref('order_statuses') }} as statuses using (status)
where statuses.is_revenue
group by all
order by orders.order_date

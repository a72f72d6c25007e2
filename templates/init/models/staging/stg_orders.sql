select
    order_id,
    customer_id,
    ordered_at,
    ordered_at::date as order_date,
    status,
    {{ euros('amount_cents') }} as amount
from {{ source('shop', 'orders') }}

select
    id,
    {{ tools.cents('price') }} as price_cents
from {{ source('shop', 'orders') }}
where region = '{{ var('region') }}'

-- The delay is published beside the two times, and must be their difference, over midnight too.
select flight_id
from {{ ref('stg_flights') }}
where (scheduled_departure_minute + departure_delay_minutes - departure_minute) % 1440 <> 0

-- The ten days with most cancellations, led by the blizzard of 8 and 9 February.
select
    flight_date,
    sum(flights) as flights,
    sum(cancelled_flights) as cancelled_flights
from {{ ref('daily_flights') }}
group by flight_date
order by cancelled_flights desc, flight_date
limit 10

with routes as (

    select
        origin,
        destination,
        -- Published with a mile more or less on some days, to Eagle in Colorado.
        max(distance_miles) as distance_miles,
        count(distinct carrier) as carriers,
        {{ delay_measures() }},
        {{ percent('count(*) filter (where arrival_delay_minutes < 15)', 'count(arrival_delay_minutes)') }} as on_time_percent
    from {{ ref('stg_flights') }}
    group by 1, 2

)

select
    routes.origin,
    routes.destination,
    airports.airport_name as destination_name,
    routes.distance_miles,
    routes.carriers,
    routes.flights,
    routes.cancelled_flights,
    routes.cancelled_percent,
    routes.avg_departure_delay_minutes,
    routes.avg_arrival_delay_minutes,
    routes.on_time_percent
from routes
left join {{ ref('stg_airports') }} as airports
    on routes.destination = airports.airport

with departures as (

    select
        cast(floor(scheduled_departure_minute / 60) as integer) as departure_hour,
        departure_delay_minutes
    from {{ ref('stg_flights') }}
    where not is_cancelled

),

categorised as (

    select
        departures.departure_hour,
        categories.category as delay_category,
        count(*) as flights
    from departures
    inner join {{ ref('delay_categories') }} as categories
        on (categories.from_minutes is null or departures.departure_delay_minutes >= categories.from_minutes)
        and (categories.to_minutes is null or departures.departure_delay_minutes < categories.to_minutes)
    group by 1, 2

)

select
    departure_hour,
    delay_category,
    flights,
    {{ percent('flights', 'sum(flights) over (partition by departure_hour)') }} as percent_of_hour
from categorised

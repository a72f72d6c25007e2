with monthly as (

    select
        carrier,
        cast(date_trunc('month', flight_date) as date) as month,
        {{ delay_measures() }}
    from {{ ref('stg_flights') }}
    group by 1, 2

)

select
    monthly.carrier,
    airlines.airline,
    monthly.month,
    monthly.flights,
    monthly.cancelled_flights,
    monthly.cancelled_percent,
    monthly.avg_departure_delay_minutes,
    monthly.avg_arrival_delay_minutes
from monthly
left join {{ ref('stg_airlines') }} as airlines
    on monthly.carrier = airlines.carrier

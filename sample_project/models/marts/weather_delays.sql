with weather as (

    select
        origin,
        observed_hour,
        case
            when precipitation_inches > 0 and temperature_fahrenheit <= 32 then 'snow'
            when precipitation_inches > 0 then 'rain'
            when visibility_miles < 1 then 'fog'
            when wind_knots >= 20 then 'wind'
            else 'fair'
        end as weather_condition
    from {{ ref('stg_weather') }}

)

select
    coalesce(weather.weather_condition, 'unknown') as weather_condition,
    {{ delay_measures() }}
from {{ ref('stg_flights') }} as flights
-- By the hour in UTC: the local hour of 1 o'clock on 3 November came twice.
left join weather
    on flights.origin = weather.origin
    and flights.scheduled_hour = weather.observed_hour
group by 1

with observations as (

    -- Wind was measured in whole knots and published in miles per hour, with the noise of the conversion.
    select
        *,
        cast(round(wind_speed / 1.15078) as integer) as knots,
        cast(round(wind_gust / 1.15078) as integer) as gust_knots
    from {{ source('raw', 'weather') }}

)

select
    origin,
    time_hour as observed_hour,
    temp as temperature_fahrenheit,
    dewp as dew_point_fahrenheit,
    humid as humidity_percent,
    wind_dir as wind_direction_degrees,
    -- Newark reported 911 knots on 12 February; the record for any gust on earth is 220.
    case when knots < 200 then knots end as wind_knots,
    gust_knots,
    precip as precipitation_inches,
    pressure as pressure_millibars,
    visib as visibility_miles
from observations

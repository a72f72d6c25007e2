select
    {{ surrogate_key(['year', 'month', 'day', 'carrier', 'flight', 'origin']) }} as flight_id,
    make_date(cast(year as integer), cast(month as integer), cast(day as integer)) as flight_date,
    time_hour as scheduled_hour,
    carrier,
    flight as flight_number,
    tailnum,
    origin,
    dest as destination,
    {{ minutes_since_midnight('sched_dep_time') }} as scheduled_departure_minute,
    {{ minutes_since_midnight('dep_time') }} as departure_minute,
    dep_delay as departure_delay_minutes,
    {{ minutes_since_midnight('sched_arr_time') }} as scheduled_arrival_minute,
    {{ minutes_since_midnight('arr_time') }} as arrival_minute,
    arr_delay as arrival_delay_minutes,
    air_time as air_time_minutes,
    distance as distance_miles,
    dep_time is null as is_cancelled
from {{ source('raw', 'flights') }}

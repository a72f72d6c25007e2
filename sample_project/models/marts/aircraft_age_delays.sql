with flights as (

    select
        flights.*,
        extract(year from flights.flight_date) - planes.year_built as age_years
    from {{ ref('stg_flights') }} as flights
    left join {{ ref('stg_planes') }} as planes
        on flights.tailnum = planes.tailnum

)

select
    case
        when age_years < 5 then '0-4 years'
        when age_years < 10 then '5-9 years'
        when age_years < 15 then '10-14 years'
        when age_years < 20 then '15-19 years'
        when age_years < 25 then '20-24 years'
        when age_years >= 25 then '25 years and more'
        else 'unknown'
    end as age_band,
    count(distinct tailnum) as aircraft,
    {{ delay_measures() }}
from flights
group by 1

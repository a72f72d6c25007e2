-- A join that loses or doubles flights shows here.
with totals as (

    {% for mart in ['carrier_delays', 'weather_delays', 'aircraft_age_delays', 'route_performance', 'daily_flights'] %}
    select '{{ mart }}' as mart, sum(flights) as flights from {{ ref(mart) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select mart, flights
from totals
where flights is distinct from (select count(*) from {{ ref('stg_flights') }})

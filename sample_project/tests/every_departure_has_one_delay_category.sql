-- Fails when someone edits the seed and leaves a gap or an overlap.
select categorised.flights, departed.flights as departed_flights
from (select sum(flights) as flights from {{ ref('delays_by_hour') }}) as categorised
cross join (select count(*) as flights from {{ ref('stg_flights') }} where not is_cancelled) as departed
where categorised.flights is distinct from departed.flights

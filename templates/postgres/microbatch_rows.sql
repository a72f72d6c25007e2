How many rows of a batch lie in its interval, how many do not, and how many lie in none of the run.

-- query
select
  count(*) filter (where in_batch) as inside,
  count(*) filter (where in_batch is not true) as outside,
  count(*) filter (where in_run is not true) as outside_of_run
from (
  select
    {{ event_time }} >= {{ start | literal }} and {{ event_time }} < {{ end | literal }} as in_batch,
    {{ event_time }} >= {{ run_start | literal }} and {{ event_time }} < {{ run_end | literal }} as in_run
  from {{ batch }}
) as placed;

A lock that nobody else asks for: it stands as long as all others of this session do.

-- query
with mark as materialized (
  select hashtextextended(gen_random_uuid()::text, 0) as key
)

select key, pg_try_advisory_lock(key)
from mark;

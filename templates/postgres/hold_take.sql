Those of the names that somebody else has, with who that is; the others are ours now.

-- query
set application_name = {{ holder | literal }};
with wanted as (
  select name, hashtextextended('sqlflow:' || name, 0) as key
  from unnest(array[{% for name in names %}{{ name | literal }}{{ ", " if not loop.last }}{% endfor %}]::text[]) as name
),

asked as materialized (
  select name, key, pg_try_advisory_lock(key) as is_ours
  from wanted
)

select asked.name, activity.application_name
from asked
left join pg_locks as held
  on held.locktype = 'advisory'
 and held.granted
 and held.objsubid = 1
 and (held.classid::bigint << 32) | held.objid::bigint = asked.key
 and held.database = (select oid from pg_database where datname = current_database())
left join pg_stat_activity as activity on activity.pid = held.pid
where not asked.is_ours;

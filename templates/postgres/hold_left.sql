Sessions that still work on relations that are ours now: of a run that was killed, or that lost its
locks. What they do is ended, where this role may.

-- query
with wanted as (
  select name, hashtextextended('sqlflow works on:' || name, 0) as key
  from unnest(array[{% for name in names %}{{ name | literal }}{{ ", " if not loop.last }}{% endfor %}]::text[]) as name
)

select
  wanted.name,
  case
    when activity.state <> 'active' then false
    when not pg_has_role(activity.usesysid, 'member') then false
    when theirs.rolsuper and not (select rolsuper from pg_roles where rolname = current_user) then false
    else pg_cancel_backend(held.pid)
  end
from pg_locks as held
join wanted on (held.classid::bigint << 32) | held.objid::bigint = wanted.key
left join pg_stat_activity as activity on activity.pid = held.pid
left join pg_roles as theirs on theirs.oid = activity.usesysid
where held.locktype = 'advisory'
  and held.granted
  and held.objsubid = 1
  and held.pid <> pg_backend_pid()
  and held.database = (select oid from pg_database where datname = current_database())
order by 1;

How many of the locks that were taken this process of the server has; a pooler may have given another.
A commit of a run that was killed is waited for.

-- query
select {% for name in names %}pg_advisory_xact_lock(hashtextextended({{ ("sqlflow publishes:" ~ name) | literal }}, 0)), {% endfor %}1;
select count(*)
from unnest(array[{% for name in names %}{{ name | literal }}{{ ", " if not loop.last }}{% endfor %}]::text[]) as wanted (name)
join pg_locks as held
  on held.locktype = 'advisory'
 and held.granted
 and held.objsubid = 1
 and held.pid = pg_backend_pid()
 and (held.classid::bigint << 32) | held.objid::bigint = hashtextextended('sqlflow:' || wanted.name, 0);

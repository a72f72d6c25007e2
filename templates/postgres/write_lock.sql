Begins the transaction. Other runs that write to the target wait for its end, and look at the target
only then.
-- query
begin transaction isolation level read committed;
set local lock_timeout = '60s';
select pg_advisory_xact_lock(hashtextextended(
    'sqlflow:' || {% if schema is none %}coalesce(current_schema(), ''){% else %}{{ schema | literal }}{% endif %} || {{ ('.' ~ name) | literal }}, 0));

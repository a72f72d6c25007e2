The schema of the target, where it is not there. Two that make it at once would meet.
-- query
select pg_advisory_xact_lock(hashtextextended({{ ('sqlflow:' ~ schema) | literal }}, 0));
create schema if not exists {{ schema | quote }};

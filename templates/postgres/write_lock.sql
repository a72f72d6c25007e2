-- query
begin transaction isolation level read committed;
set local lock_timeout = '60s';
select pg_advisory_xact_lock(hashtextextended({{ ('sqlflow:' ~ schema ~ '.' ~ name) | literal }}, 0));
{% if creates %}create schema if not exists {{ schema | quote }}{% endif %};

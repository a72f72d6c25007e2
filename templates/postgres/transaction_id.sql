Told before the commit, so that what became of it can be asked where its answer is lost.

-- query
select pg_current_xact_id_if_assigned()::text;

-- query
select pg_xact_status({{ id | literal }}::xid8);

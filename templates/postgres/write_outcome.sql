How a transaction ended. Where it has not, nobody is there any more to end it: its process is asked
to, once it is sure that it is still the same.
-- query
select
    txid_status({{ number }}),
    (select pg_terminate_backend(pid) from pg_stat_activity
     where backend_xid::text = ({{ number }} % 4294967296)::text);

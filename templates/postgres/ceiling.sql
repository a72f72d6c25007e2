Read before the snapshot is taken: whoever began earlier and is not seen there is still open here.
A transaction shows its start a moment after it began, hence the second.
-- query
select
    pg_has_role(current_user, 'pg_read_all_stats', 'usage')
        and not exists (select from pg_prepared_xacts where database = current_database()),
    least(
        clock_timestamp() - interval '1 second',
        (select min(xact_start) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()
           and backend_type not in ('autovacuum worker', 'walsender'))
    )::timestamptz::text,
    (select reset_val from pg_settings where name = 'TimeZone'),
    exists (select from pg_prepared_xacts where database = current_database());

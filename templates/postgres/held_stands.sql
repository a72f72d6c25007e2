What a transaction begins with: it publishes only while this run has its locks. Who has them next waits
for the session that publishes.

-- query
do $sqlflow$
begin
  if pg_try_advisory_xact_lock_shared({{ mark }}) then
    raise exception 'the locks of this run are lost' using errcode = 'SF609';
  end if;
end
$sqlflow$;

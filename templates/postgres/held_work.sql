The session works on a relation from now on, which later runs see; the answer tells whether the lock of
this run is gone.

-- query
select
{% if before %}
  pg_advisory_unlock_shared(hashtextextended({{ ("sqlflow works on:" ~ before) | literal }}, 0)),
{% endif %}
  pg_advisory_lock_shared(hashtextextended({{ ("sqlflow works on:" ~ name) | literal }}, 0)),
  pg_try_advisory_xact_lock_shared({{ mark }}) as is_lost;

Who the sessions are, and what they may do.

-- query
select current_user, current_database(), has_database_privilege(current_database(), 'create'), pg_is_in_recovery(),
  (select reset_val::boolean from pg_settings where name = 'default_transaction_read_only');

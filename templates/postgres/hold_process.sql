Which process of the server this is, and what an earlier transaction of the same session left in it.

-- query
select
  pg_backend_pid(),
{% if is_first %}
  set_config('sqlflow.process', pg_backend_pid()::text, false)
{% else %}
  current_setting('sqlflow.process', true)
{% endif %};

-- query
select json_serialize_plan({{ sql | literal }}, skip_null := true, skip_empty := true, skip_default := true);

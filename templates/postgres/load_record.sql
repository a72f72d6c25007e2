What was loaded, in the transaction that publishes it. Its lock makes the next run wait for the commit of
one that was killed while it asked for it.

-- publish when: the relation is made anew
{% if not replaces_manifest %}
delete from {{ state.files }} where relation = {{ name | literal }}
{%- endif %};

-- publish
select pg_advisory_xact_lock(hashtextextended({{ ("sqlflow publishes:" ~ lock_name) | literal }}, 0));
delete from {{ state.loads }} where relation = {{ name | literal }};
insert into {{ state.loads }} (relation, node, run_id, loaded_at, row_count, files, definition, cursor_value, "schema", mark)
select
  {{ name | literal }} as relation,
  {{ node | literal }} as node,
  {{ run_id | literal }} as run_id,
  cast({{ loaded_at | literal }} as timestamp with time zone) as loaded_at,
  {{ row_count }} as row_count,
  {{ files_text | literal }} as files,
  {{ definition | literal }} as definition,
  {{ cursor_value | literal if cursor_value else "null" }} as cursor_value,
  {{ schema_text | literal }} as "schema",
  {{ mark | literal if mark else "null" }} as mark;
{% if replaces_manifest %}
delete from {{ state.files }} where relation = {{ name | literal }}
{%- endif %};
{% if files %}
insert into {{ state.files }} (relation, uri, etag, size, run_id, loaded_at)
values
{% for file in files %}
  ({{ name | literal }}, {{ file.uri | literal }}, {{ file.etag | literal }}, {{ file.size }}, {{ run_id | literal }}, cast({{ loaded_at | literal }} as timestamp with time zone)){{ "," if not loop.last }}
{% endfor %}
{%- endif %};
{% if null_keys_rejected %}
insert into {{ state.rejects }} (run_id, relation, source, column_name, reason, "text", rejected_at)
select
  {{ run_id | literal }} as run_id,
  {{ name | literal }} as relation,
  {{ node | literal }} as source,
  {{ key_text | literal }} as column_name,
  'the key holds NULL' as reason,
  "text",
  cast({{ loaded_at | literal }} as timestamp with time zone) as rejected_at
from {{ rejects }}
{%- endif %};
{% if null_keys_rejected %}
drop table {{ rejects }}
{%- endif %};

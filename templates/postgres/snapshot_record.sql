What the snapshot was when it wrote these versions, in the transaction that writes them.

-- publish
delete from {{ state.loads }} where relation = {{ name | literal }};
insert into {{ state.loads }} (relation, node, run_id, loaded_at, row_count, files, definition)
select
  {{ name | literal }},
  {{ node | literal }},
  {{ run_id | literal }},
  cast({{ now | literal }} as timestamp with time zone),
  (select count(*) from {{ batch }}),
  '[]',
  {{ definition | literal }};

What the snapshot was when it wrote these versions, in the transaction that writes them.

-- publish
delete from {{ state.loads }} where relation = {{ name | literal }};
insert into {{ state.loads }} by name
select
  {{ name | literal }} as relation,
  {{ node | literal }} as node,
  {{ run_id | literal }} as run_id,
  cast({{ now | literal }} as timestamp with time zone) as loaded_at,
  (select count(*) from {{ batch }}) as row_count,
  '[]' as files,
  {{ definition | literal }} as definition;

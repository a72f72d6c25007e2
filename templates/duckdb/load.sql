-- stage
create or replace table {{ stage }} as
{{ query }};

-- publish
drop table if exists {{ relation }};
alter table {{ stage }} rename to {{ identifier }};
delete from {{ state }} where relation = {{ name | literal }};
insert into {{ state }} by name
select
  {{ name | literal }} as relation,
  {{ node | literal }} as node,
  {{ run_id | literal }} as run_id,
  {{ loaded_at | literal }}::timestamptz as loaded_at,
  {{ row_count }} as row_count,
  {{ files | literal }} as files;

-- publish
create schema if not exists {{ schema }};
create table if not exists {{ state }} (
  relation varchar not null,
  node varchar not null,
  run_id varchar not null,
  loaded_at timestamptz not null,
  row_count bigint not null,
  files varchar not null
);

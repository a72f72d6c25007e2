-- publish
create schema if not exists {{ schema }};
create table if not exists {{ state.loads }} (
  relation varchar not null,
  node varchar not null,
  run_id varchar not null,
  loaded_at timestamp with time zone not null,
  row_count bigint not null,
  files varchar not null,
  definition varchar not null default 'replace',
  cursor_value varchar,
  "schema" varchar,
  mark varchar
);
alter table {{ state.loads }} add column if not exists definition varchar default 'replace';
alter table {{ state.loads }} add column if not exists cursor_value varchar;
alter table {{ state.loads }} add column if not exists "schema" varchar;
alter table {{ state.loads }} add column if not exists mark varchar;
create table if not exists {{ state.files }} (
  relation varchar not null,
  uri varchar not null,
  etag varchar not null,
  size bigint not null,
  run_id varchar not null,
  loaded_at timestamp with time zone not null
);
create table if not exists {{ state.rejects }} (
  run_id varchar not null,
  relation varchar not null,
  source varchar not null,
  file varchar,
  line bigint,
  column_name varchar,
  reason varchar not null,
  "text" varchar,
  rejected_at timestamp with time zone not null
);

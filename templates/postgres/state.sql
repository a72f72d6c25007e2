The tables that remember loads. Another run may make them at the same moment.

-- publish
do $sqlflow$
begin
  perform pg_advisory_xact_lock(hashtextextended('sqlflow:state', 0));
  if not exists (select from pg_namespace where nspname = {{ schema_name | literal }}) then
    create schema {{ schema_name | quote }};
  end if;
  create table if not exists {{ state.loads }} (
    relation text not null,
    node text not null,
    run_id text not null,
    loaded_at timestamp with time zone not null,
    row_count bigint not null,
    files text not null,
    definition text not null default 'replace',
    cursor_value text,
    "schema" text,
    mark text
  );
  alter table {{ state.loads }} add column if not exists definition text default 'replace';
  alter table {{ state.loads }} add column if not exists cursor_value text;
  alter table {{ state.loads }} add column if not exists "schema" text;
  alter table {{ state.loads }} add column if not exists mark text;
  create table if not exists {{ state.files }} (
    relation text not null,
    uri text not null,
    etag text not null,
    size bigint not null,
    run_id text not null,
    loaded_at timestamp with time zone not null
  );
  create table if not exists {{ state.rejects }} (
    run_id text not null,
    relation text not null,
    source text not null,
    file text,
    line bigint,
    column_name text,
    reason text not null,
    "text" text,
    rejected_at timestamp with time zone not null
  );
end
$sqlflow$;

The tables that remember loads. Another run may make them at the same moment. A role that did not make
them needs no more than to read and write them.

-- publish
do $sqlflow$
begin
  perform pg_advisory_xact_lock(hashtextextended('sqlflow:state', 0));
  if not exists (select from pg_namespace where nspname = {{ schema_name | literal }}) then
    create schema {{ schema_name | quote }};
  end if;
  if to_regclass({{ state.loads | literal }}) is null then
    create table {{ state.loads }} (
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
  elsif not exists (
    select from pg_attribute
    where attrelid = {{ state.loads | literal }}::regclass and attname = 'mark'
  ) then
    alter table {{ state.loads }} add column if not exists definition text default 'replace';
    alter table {{ state.loads }} add column if not exists cursor_value text;
    alter table {{ state.loads }} add column if not exists "schema" text;
    alter table {{ state.loads }} add column if not exists mark text;
  end if;
  if to_regclass({{ state.files | literal }}) is null then
    create table {{ state.files }} (
      relation text not null,
      uri text not null,
      etag text not null,
      size bigint not null,
      run_id text not null,
      loaded_at timestamp with time zone not null
    );
  end if;
  if to_regclass({{ state.rejects | literal }}) is null then
    create table {{ state.rejects }} (
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
  end if;
exception when insufficient_privilege then
  raise exception 'role % may not make or read the tables of schema %', current_user, {{ schema_name | literal }}
    using errcode = 'insufficient_privilege', detail = sqlerrm,
      hint = format('grant create on database %1$I to %2$I; where the schema exists: grant usage, create on schema %3$I to %2$I, and select, insert, update, delete on its tables',
        current_database(), current_user, {{ schema_name | literal }});
end
$sqlflow$;

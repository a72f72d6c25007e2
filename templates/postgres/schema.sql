Another run may make it at the same moment.

-- publish
do $sqlflow$
begin
  if not exists (select from pg_namespace where nspname = {{ name | literal }}) then
    create schema {{ name | quote }};
  end if;
exception
  when duplicate_schema or unique_violation then
    null;
  when insufficient_privilege then
    raise exception 'role % may not make schema % in database %', current_user, {{ name | literal }}, current_database()
      using errcode = 'insufficient_privilege',
        hint = format('grant create on database %I to %I, or have somebody make the schema', current_database(), current_user);
end
$sqlflow$;

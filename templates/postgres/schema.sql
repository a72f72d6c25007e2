Another run may make it at the same moment.

-- publish
do $sqlflow$
begin
  if not exists (select from pg_namespace where nspname = {{ name | literal }}) then
    create schema {{ name | quote }};
  end if;
exception when duplicate_schema or unique_violation then
  null;
end
$sqlflow$;

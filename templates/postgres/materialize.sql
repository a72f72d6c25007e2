A materialized view is refreshed where its query is what it was; the stage is a view of the query.

-- publish
do $sqlflow$
declare
  stage regclass := {{ stage | literal }}::regclass;
  target regclass := to_regclass({{ relation | literal }});
  query text := pg_get_viewdef(stage);
begin
  execute format('drop view %s', stage);
  if (select relkind = 'm' and pg_get_viewdef(oid) = query from pg_class where oid = target) then
    execute format('refresh materialized view %s', target);
    return;
  end if;
  execute 'create materialized view ' || {{ stage | literal }} || ' as ' || query;
end
$sqlflow$;

A column is changed below the views of this project that read it: they are put aside for it, and made
again where they still fit. Any other view stops this by name.

-- publish
do $sqlflow$
declare
  target regclass := {{ relation | literal }}::regclass;
  strange text;
  again text[];
  statement text;
begin
  begin
    execute {{ alteration | literal }};
    return;
  exception when dependent_objects_still_exist or feature_not_supported then
    null;
  end;
  create temporary table "__sqlflow_views" on commit drop as
  with recursive above (view, depth) as (
    select target::oid, 0
    union
    select r.ev_class, above.depth + 1
    from above
    join pg_depend as d on d.refobjid = above.view and d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass
    join pg_rewrite as r on r.oid = d.objid and r.ev_class <> above.view
    where above.depth < 1000
  )
  select view, max(depth) as depth from above where view <> target group by view;
  select v.view::regclass::text into strange
  from "__sqlflow_views" as v
  join pg_class as c on c.oid = v.view
  join pg_namespace as n on n.oid = c.relnamespace
  where (n.nspname, c.relname) not in (('', ''){% for view in views %}, ({{ view[0] | literal }}, {{ view[1] | literal }}){% endfor %})
  limit 1;
  if strange is not null then
    raise exception 'view % reads %, whose columns are to change, and is no model of this project', strange, target
      using errcode = 'dependent_objects_still_exist', hint = 'drop it, and make it again afterwards';
  end if;
  again := array(
    select text from (
      select 1 as place, v.depth as depth, format('create %s %s as %s',
        case c.relkind when 'm' then 'materialized view' else 'view' end, c.oid::regclass, pg_get_viewdef(c.oid)) as text
      from "__sqlflow_views" as v join pg_class as c on c.oid = v.view
      union all
      select 2, 0, pg_get_indexdef(indexrelid) from pg_index where indrelid in (select view from "__sqlflow_views")
      union all
      select 3, 0, format('grant %s on %s to %s%s', g.privilege_type, c.oid::regclass,
        case when g.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(g.grantee)) end,
        case when g.is_grantable then ' with grant option' else '' end)
      from pg_class as c, aclexplode(c.relacl) as g
      where c.oid in (select view from "__sqlflow_views") and g.grantee <> c.relowner
      union all
      select 4, 0, format('comment on %s %s is %L',
        case c.relkind when 'm' then 'materialized view' else 'view' end, c.oid::regclass, d.description)
      from pg_description as d join pg_class as c on c.oid = d.objoid
      where d.classoid = 'pg_class'::regclass and d.objsubid = 0 and c.oid in (select view from "__sqlflow_views")
      union all
      select 5, 0, format('comment on column %s.%I is %L', d.objoid::regclass, a.attname, d.description)
      from pg_description as d join pg_attribute as a on a.attrelid = d.objoid and a.attnum = d.objsubid
      where d.classoid = 'pg_class'::regclass and d.objsubid > 0 and d.objoid in (select view from "__sqlflow_views")
    ) as kept order by place, depth);
  for statement in
    select format('drop %s %s', case c.relkind when 'm' then 'materialized view' else 'view' end, c.oid::regclass)
    from "__sqlflow_views" as v join pg_class as c on c.oid = v.view order by v.depth desc
  loop
    execute statement;
  end loop;
  execute {{ alteration | literal }};
  foreach statement in array again loop
    begin
      execute statement;
    exception when undefined_column or undefined_table or undefined_object or undefined_function or datatype_mismatch then
      raise warning 'dropped, since it does not fit the new columns of %', {{ relation | literal }} using detail = statement;
    end;
  end loop;
  drop table "__sqlflow_views";
end
$sqlflow$;

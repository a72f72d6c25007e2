The stage takes the place of what stands there, and gets what stood on it: constraints, indexes, grants,
comments, owner. Where others hold on to a table whose columns stay, its rows are exchanged in place
instead; it is never truncated, since a reader in an older snapshot would see nothing. The same goes for
a stage of which rows were taken out, since such a reader would see these too. Views that read
it are made again, where they are models of this project; any other stops this by name.

-- publish
do $sqlflow$
declare
  stage regclass := {% if refreshes is defined %}to_regclass({{ stage | literal }}){% else %}{{ stage | literal }}::regclass{% endif %};
  target regclass := to_regclass({{ relation | literal }});
  stage_kind "char" := (select relkind from pg_class where oid = stage);
  target_kind "char";
  columns text[] := (
    select array_agg(quote_ident(attname) order by attnum)
    from pg_attribute where attrelid = stage and attnum > 0 and not attisdropped);
  key text[];
  is_same boolean;
  holder text;
  again text[];
  views text[];
  strange text;
  statement text;
  owner oid;
begin
{% if refreshes is defined %}
  if stage is null then
    return;
  end if;
{% endif %}
  if target is null then
    execute format('alter %s %s rename to %s',
      case stage_kind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end,
      stage, {{ identifier | literal }});
    return;
  end if;
  target_kind := (select relkind from pg_class where oid = target);
  owner := (select relowner from pg_class where oid = target);
  if not pg_has_role(owner, 'usage') then
    raise exception '% belongs to role %, and role % is no member of it', target, pg_get_userbyid(owner), current_user
      using errcode = 'insufficient_privilege',
        hint = format('grant %I to %I', pg_get_userbyid(owner), current_user);
  end if;
  if target_kind in ('r', 'p') then
    execute format('lock table %s in access exclusive mode', target);
  end if;

  -- A view whose columns stay, with more at their end at most, is redefined.
  if stage_kind = 'v' and target_kind = 'v' then
    is_same := not exists (
      select from pg_attribute as old
      left join pg_attribute as new
        on new.attrelid = stage and new.attnum = old.attnum and new.attname = old.attname
       and new.atttypid = old.atttypid and new.atttypmod = old.atttypmod
       and new.attcollation = old.attcollation
      where old.attrelid = target and old.attnum > 0 and new.attname is null);
    if is_same then
      execute format('create or replace view %s as %s', target, pg_get_viewdef(stage));
      execute format('drop view %s', stage);
      return;
    end if;
  end if;

  -- Who refers to a table by a key of its own.
  select conname || ' of ' || conrelid::regclass::text, (
      select array_agg(quote_ident(a.attname) order by a.attnum)
      from pg_attribute as a where a.attrelid = target and a.attnum = any(c.confkey))
  into holder, key
  from pg_constraint as c
  where c.contype = 'f' and c.confrelid = target and c.conrelid <> target
  order by conname
  limit 1;
  if holder is null then
    select what into holder
    from (
      select 'trigger ' || quote_ident(tgname) as what from pg_trigger where tgrelid = target and not tgisinternal
      union all select 'policy ' || quote_ident(polname) from pg_policy where polrelid = target
      union all select 'table ' || inhrelid::regclass::text from pg_inherits where inhparent = target
      union all select 'table ' || inhparent::regclass::text from pg_inherits where inhrelid = target
      union all select 'publication ' || quote_ident(p.pubname)
        from pg_publication_rel as r join pg_publication as p on p.oid = r.prpubid where r.prrelid = target
      union all select 'statistics ' || quote_ident(stxname) from pg_statistic_ext where stxrelid = target
      union all select 'function ' || d.objid::regprocedure::text
        from pg_depend as d where d.refobjid = target and d.classid = 'pg_proc'::regclass
    ) as found
    limit 1;
  end if;
  views := array(
    select distinct r.ev_class::regclass::text
    from pg_depend as d join pg_rewrite as r on r.oid = d.objid
    where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass
      and d.refobjid = target and r.ev_class <> target);
  is_same := stage_kind = 'r' and target_kind in ('r', 'p') and not exists (
    select from (select * from pg_attribute where attrelid = target and attnum > 0 and not attisdropped) as old
    full join (select * from pg_attribute where attrelid = stage and attnum > 0 and not attisdropped) as new
      on new.attname = old.attname
    where (new.atttypid, new.atttypmod) is distinct from (old.atttypid, old.atttypmod));
  if is_same and key is not null then
    execute format('delete from %s as target where not exists (select from %s as source where %s)',
      target, stage, (select string_agg(format('source.%1$s = target.%1$s', name), ' and ') from unnest(key) as name));
    execute format('update %s as target set %s from %s as source where %s and (%s) is distinct from (%s)',
      target,
      (select string_agg(format('%1$s = source.%1$s', name), ', ') from unnest(columns) as name),
      stage,
      (select string_agg(format('source.%1$s = target.%1$s', name), ' and ') from unnest(key) as name),
      (select string_agg(format('target.%s', name), ', ') from unnest(columns) as name),
      (select string_agg(format('source.%s', name), ', ') from unnest(columns) as name));
    execute format('insert into %s (%s) select %s from %s as source where not exists (select from %s as target where %s)',
      target, array_to_string(columns, ', '), array_to_string(columns, ', '), stage, target,
      (select string_agg(format('source.%1$s = target.%1$s', name), ' and ') from unnest(key) as name));
    execute format('drop table %s', stage);
    return;
  end if;
  if is_same and (holder is not null or views <> '{}'{{ " or true" if is_cleaned is defined and is_cleaned }}) then
    execute format('delete from %s', target);
    execute format('insert into %s (%s) select %s from %s',
      target, array_to_string(columns, ', '), array_to_string(columns, ', '), stage);
    execute format('drop table %s', stage);
    return;
  end if;
  if holder is not null then
    raise exception '% holds on to %, whose columns are to change', holder, target
      using errcode = 'dependent_objects_still_exist', hint = 'drop it, and make it again afterwards';
  end if;

  -- Every view above it, those that read others after these.
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
  views := array(
    select format('create %s %s as %s', case c.relkind when 'm' then 'materialized view' else 'view' end,
      c.oid::regclass, pg_get_viewdef(c.oid))
    from "__sqlflow_views" as v join pg_class as c on c.oid = v.view order by v.depth, c.oid);
  again := array(
    select text from (
      select 1 as place, format('alter table %s add constraint %I %s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid)) as text
      from pg_constraint as c where c.conrelid = target and c.contype in ('c', 'p', 'u', 'x', 'f') and stage_kind = 'r'
      union all
      select 2, pg_get_indexdef(i.indexrelid)
      from pg_index as i join pg_class as c on c.oid = i.indexrelid
      where i.indrelid in (select view from "__sqlflow_views" union all select target where stage_kind in ('r', 'm'))
        and not c.relname like 'sqlflow\_%'
        and not exists (select from pg_constraint where conindid = i.indexrelid)
{% if is_load is not defined %}
      union all
      select 3, format('alter table %s alter column %I set not null', a.attrelid::regclass, a.attname)
      from pg_attribute as a where a.attrelid = target and a.attnum > 0 and not a.attisdropped and a.attnotnull and stage_kind = 'r'
{% endif %}
      union all
      select 4, format('grant %s on %s to %s%s', g.privilege_type, c.oid::regclass,
        case when g.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(g.grantee)) end,
        case when g.is_grantable then ' with grant option' else '' end)
      from pg_class as c, aclexplode(c.relacl) as g
      where c.oid in (select view from "__sqlflow_views" union all select target) and g.grantee <> c.relowner
      union all
      select 4, format('grant %s (%I) on %s to %s%s', g.privilege_type, a.attname, a.attrelid::regclass,
        case when g.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(g.grantee)) end,
        case when g.is_grantable then ' with grant option' else '' end)
      from pg_attribute as a, aclexplode(a.attacl) as g
      where a.attrelid in (select view from "__sqlflow_views" union all select target) and not a.attisdropped
      union all
      select 5, format('comment on %s %s is %L',
        case c.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end, c.oid::regclass, d.description)
      from pg_description as d join pg_class as c on c.oid = d.objoid
      where d.classoid = 'pg_class'::regclass and d.objsubid = 0
        and (c.oid in (select view from "__sqlflow_views") or (c.oid = target and target_kind = stage_kind))
      union all
      select 6, format('comment on column %s.%I is %L', d.objoid::regclass, a.attname, d.description)
      from pg_description as d join pg_attribute as a on a.attrelid = d.objoid and a.attnum = d.objsubid
      where d.classoid = 'pg_class'::regclass and d.objsubid > 0
        and d.objoid in (select view from "__sqlflow_views" union all select target)
      union all
      select 7, format('alter %s %s owner to %I',
        case stage_kind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end, target, pg_get_userbyid(owner))
      where owner <> (select relowner from pg_class where oid = stage)
    ) as kept order by place);

  -- Everything that goes is known and made again.
  execute format('drop %s %s cascade',
    case target_kind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' else 'table' end, target);
  execute format('alter %s %s rename to %s',
    case stage_kind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end, stage, {{ identifier | literal }});
  foreach statement in array views || again loop
    begin
      execute statement;
    exception when undefined_column or undefined_table or undefined_object or undefined_function or datatype_mismatch then
      raise warning 'dropped, since it does not fit the new columns of %', {{ relation | literal }} using detail = statement;
    end;
  end loop;
  drop table "__sqlflow_views";
end
$sqlflow$;

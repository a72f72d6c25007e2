A column is changed below the views of this project that read it: they are put aside for it, and made
again where they still fit. Any other view stops this by name, and so does what holds on to one of them.

-- publish
do $sqlflow$
declare
  stage regclass;
  stage_options text[];
  target regclass := {{ relation | literal }}::regclass;
  above oid[];
  views text[];
  empty text[];
  drops text[];
  names text[];
  again text[];
  holder text;
  held regclass;
  strange text;
  statement text;
begin
  begin
    execute {{ alteration | literal }};
    return;
  exception when dependent_objects_still_exist or feature_not_supported then
    null;
  end;
  above := array({% include "above/0/0" %});
  perform pg_advisory_xact_lock(hashtextextended('sqlflow makes again:' || name, 0))
    from (select view::regclass::text collate "C" as name from unnest(above) as view order by 1) as found;
  select c.oid::regclass::text into strange
  from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
  where c.oid = any(above)
    and (n.nspname, c.relname) not in (('', ''){% for view in views %}, ({{ view[0] | literal }}, {{ view[1] | literal }}){% endfor %})
  limit 1;
  if strange is not null then
    raise exception 'view % reads %, whose columns are to change, and is no model of this project', strange, target
      using errcode = 'dependent_objects_still_exist', hint = 'drop it, and make it again afterwards';
  end if;
  select found.* into holder, held
  from ({% include "holders/0/0" %}) as found;
  if held <> target then
      raise exception '% holds on to %, %', holder, held,
        case held when target then 'whose columns are to change'
          else format('which is to be made again, since the columns of %s are to change', target) end
        using errcode = 'dependent_objects_still_exist', hint = 'drop it, and make it again afterwards';
  end if;
  {% include "view_words/0/0" %}

  into views, empty, drops, names;
  again := array(
    with made as (
      select c.*,
        case c.relkind when 'm' then 'materialized view' else 'view' end as word,
        c.relkind as becomes, (select oid from pg_roles where rolname = current_user) as owner, false as is_made_of_stage
      from pg_class as c where c.oid = any(above)
    )
    {% include "standing/0/0" %});
  foreach statement in array coalesce(drops, '{}') loop
    execute statement;
  end loop;
  execute {{ alteration | literal }};
  for at in 1 .. coalesce(cardinality(views), 0) loop
    begin
      execute views[at];
    exception when undefined_column or undefined_table or undefined_object or undefined_function or datatype_mismatch then
      raise warning 'view % cannot be read until it is built again, since it does not fit the new columns of %', names[at], {{ relation | literal }}
        using detail = views[at];
      execute empty[at];
    end;
  end loop;
  foreach statement in array again loop
    begin
      execute statement;
    exception when undefined_column or undefined_table or undefined_object or undefined_function or datatype_mismatch then
      raise warning 'dropped, since it does not fit the new columns of %', {{ relation | literal }} using detail = statement;
    end;
  end loop;
end
$sqlflow$;

The stage takes the place of what stands there, and gets what stood on it: constraints, indexes, grants,
comments, owner, options. Where others hold on to a table whose columns stay, its rows are exchanged in
place instead; it is never truncated, since a reader in an older snapshot would see nothing. The same
goes for a stage of which rows were taken out, since such a reader would see these too. Views that read
it are made again, where they are models of this project; any other stops this by name, and so does
whatever else holds on to it: nothing is dropped with it.

-- publish
do $sqlflow$
declare
  stage regclass := {% if refreshes is defined %}to_regclass({{ stage | literal }}){% else %}{{ stage | literal }}::regclass{% endif %};
  target regclass := to_regclass({{ relation | literal }});
  stage_kind "char" := (select relkind from pg_class where oid = stage);
  stage_options text[] := (select reloptions from pg_class where oid = stage);
  stage_word text := case stage_kind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end;
  target_kind "char";
  own_rows text := '';
  columns text[] := (
    select array_agg(quote_ident(attname) order by attnum)
    from pg_attribute where attrelid = stage and attnum > 0 and not attisdropped);
  key text[];
  matched text;
  changed text;
  is_same boolean;
  is_plain boolean;
  holder text;
  held regclass;
  above oid[];
  views text[];
  empty text[];
  drops text[];
  names text[];
  again text[] := '{}';
  strange text;
  statement text;
  part text;
  owner oid;
  expected bigint;
  written bigint;
begin
{% if refreshes is defined %}
  if stage is null then
    return;
  end if;
{% endif %}
  if target is null then
    execute format('alter %s %s rename to %s', stage_word, stage, {{ identifier | literal }});
    return;
  end if;
  select relkind, relowner into target_kind, owner from pg_class where oid = target;
  if target_kind not in ('r', 'p', 'v', 'm') then
    raise exception '% is no table and no view', target
      using errcode = 'wrong_object_type', hint = 'drop it, or choose another name';
  end if;
  if not pg_has_role(owner, 'usage') then
    raise exception '% belongs to role %, and role % is no member of it', target, pg_get_userbyid(owner), current_user
      using errcode = 'insufficient_privilege',
        hint = format('grant %I to %I', pg_get_userbyid(owner), current_user);
  end if;

  -- Two runs that make one view again wait for each other before either holds what the other reads.
  for attempt in 1 .. 2 loop
    above := array({% include "above/0/0" %});
    if stage_kind = 'v' and target_kind = 'v' then
      -- A view whose columns stay, with more at their end at most, is redefined.
      is_same := not exists (
        select from pg_attribute as old
        left join pg_attribute as new
          on new.attrelid = stage and new.attnum = old.attnum and new.attname = old.attname
         and new.atttypid = old.atttypid and new.atttypmod = old.atttypmod
         and new.attcollation = old.attcollation
        where old.attrelid = target and old.attnum > 0 and new.attname is null);
    else
      is_same := stage_kind = 'r' and target_kind in ('r', 'p') and not exists (
        select from (select * from pg_attribute where attrelid = target and attnum > 0 and not attisdropped) as old
        full join (select * from pg_attribute where attrelid = stage and attnum > 0 and not attisdropped) as new
          on new.attname = old.attname
        where (new.atttypid, new.atttypmod) is distinct from (old.atttypid, old.atttypmod));
    end if;
    exit when attempt = 2;
    if not is_same then
      perform pg_advisory_xact_lock(hashtextextended('sqlflow makes again:' || name, 0))
      from (select view::regclass::text collate "C" as name from unnest(above) as view order by 1) as found;
    end if;
    if target_kind in ('r', 'p') then
      execute format('lock table %s in access exclusive mode', target);
    end if;
  end loop;

  if is_same and stage_kind = 'v' then
    execute format('create or replace view %s%s as %s', target,
      (select format(' with (%s)', array_to_string(reloptions, ', ')) from pg_class where oid = target and reloptions is not null),
      pg_get_viewdef(stage));
    execute format('drop view %s', stage);
    return;
  end if;

  is_plain := ({% include "plain/0/0" %});
  if not is_plain then
    -- Who refers to a table by a key of its own.
    select conname || ' of ' || conrelid::regclass::text, target, (
        select array_agg(quote_ident(a.attname) order by a.attnum)
        from pg_attribute as a where a.attrelid = target and a.attnum = any(c.confkey))
    into holder, held, key
    from pg_constraint as c
    where c.contype = 'f' and c.confrelid = target and c.conrelid <> target
    order by conname
    limit 1;
    if holder is null then
      select found.* into holder, held
      from ({% include "holders/0/0" %}) as found;
    end if;
  end if;

  if is_same and (holder is not null or above <> '{}'{{ " or true" if is_cleaned is defined and is_cleaned }}) then
    if row_security_active(target) then
      raise exception 'row security hides rows of % from role %, which is to exchange all of them', target, current_user
        using errcode = 'insufficient_privilege',
          hint = format('alter role %I bypassrls, or: alter table %s no force row level security', current_user, target);
    end if;
    select format('rule %I', rulename) into strange
    from pg_rewrite where ev_class = target and is_instead and ev_enabled <> 'D' limit 1;
    if strange is not null then
      raise exception '% of % does something else instead of writing its rows', strange, target
        using errcode = 'object_not_in_prerequisite_state', hint = 'drop it, and make it again afterwards';
    end if;
    -- Rows of tables that inherit from it are not its own.
    own_rows := case target_kind when 'p' then '' else 'only ' end;
    if stage_options is not null and target_kind = 'r' then
      execute format('alter table %s set (%s)', target, array_to_string(stage_options, ', '));
    end if;
    if key is not null then
      matched := (select string_agg(format('source.%1$s = target.%1$s', name), ' and ') from unnest(key) as name);
      -- As text: not every type has an equality, and what is equal is not always the same.
      changed := (select string_agg(format('(target.%1$s::text collate "C") is distinct from (source.%1$s::text collate "C")', name), ' or ')
        from unnest(columns) as name);
      statement := format('from %s%s as target where not exists (select from %s as source where %s)', own_rows, target, stage, matched);
      execute 'delete ' || statement;
      execute 'select count(*) ' || statement into expected;
      written := 0;
      if expected = 0 then
        execute format('select count(*) from %s%s as target join %s as source on %s where %s', own_rows, target, stage, matched, changed)
          into expected;
        statement := format('update %s%s as target set %s from %s as source where %s and (%s)', own_rows, target,
          (select string_agg(format('%1$s = source.%1$s', name), ', ') from unnest(columns) as name), stage, matched, changed);
        begin
          execute statement;
          get diagnostics written = row_count;
        exception when unique_violation then
          -- Rows may have exchanged their values: what says that these are unique is told so afterwards.
          again := array(
            select case when c.oid is null then pg_get_indexdef(i.indexrelid)
              else format('alter table %s add constraint %I %s', target, c.conname, pg_get_constraintdef(c.oid)) end
            from pg_index as i
            join pg_class as x on x.oid = i.indexrelid
            left join pg_constraint as c on c.conindid = i.indexrelid and c.conrelid = target and c.contype in ('p', 'u', 'x')
            where i.indrelid = target and i.indisunique
              and not exists (select from pg_constraint where contype = 'f' and confrelid = target and conindid = i.indexrelid));
          drops := array(
            select case when c.oid is null then format('drop index %s', i.indexrelid::regclass)
              else format('alter table %s drop constraint %I', target, c.conname) end
            from pg_index as i
            join pg_class as x on x.oid = i.indexrelid
            left join pg_constraint as c on c.conindid = i.indexrelid and c.conrelid = target and c.contype in ('p', 'u', 'x')
            where i.indrelid = target and i.indisunique
              and not exists (select from pg_constraint where contype = 'f' and confrelid = target and conindid = i.indexrelid));
          if drops = '{}' then
            raise;
          end if;
          foreach part in array drops loop
            execute part;
          end loop;
          execute statement;
          get diagnostics written = row_count;
          foreach part in array again loop
            execute part;
          end loop;
        end;
      end if;
      if written = expected then
        statement := format('from %s as source where not exists (select from %s%s as target where %s)', stage, own_rows, target, matched);
        execute format('insert into %s (%s) overriding system value select %s ', target, array_to_string(columns, ', '), array_to_string(columns, ', ')) || statement;
        execute 'select count(*) ' || statement || (select ' and ' || string_agg(format('source.%s is not null', name), ' and ') from unnest(key) as name)
          into expected;
        written := 0;
      end if;
    else
      execute format('delete from %s%s', own_rows, target);
      execute format('select count(*) from (select from %s%s limit 1) as one', own_rows, target) into expected;
      written := 0;
      if expected = 0 then
        execute format('insert into %s (%s) overriding system value select %s from %s',
          target, array_to_string(columns, ', '), array_to_string(columns, ', '), stage);
        get diagnostics written = row_count;
        execute format('select count(*) from %s', stage) into expected;
      end if;
    end if;
    if written <> expected then
      raise exception 'a trigger of % kept rows from being written: % of %', target, abs(expected - written), greatest(expected, written)
        using errcode = 'triggered_action_exception', hint = 'drop it, or let it write every row';
    end if;
    select case relpersistence when 'u' then 'unlogged' else 'logged' end into statement
    from pg_class where oid = stage and relpersistence <> (select relpersistence from pg_class where oid = target);
    if statement is not null and target_kind = 'r' then
      execute format('alter table %s set %s', target, statement);
    end if;
    execute format('drop table %s', stage);
    return;
  end if;

  select c.oid::regclass::text into strange
  from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
  where c.oid = any(above)
    and (n.nspname, c.relname) not in (('', ''){% for view in views %}, ({{ view[0] | literal }}, {{ view[1] | literal }}){% endfor %})
  limit 1;
  if strange is not null then
    raise exception 'view % reads %, whose columns are to change, and is no model of this project', strange, target
      using errcode = 'dependent_objects_still_exist', hint = 'drop it, and make it again afterwards';
  end if;
  if holder is not null then
    raise exception '% holds on to %, %', holder, held,
      case held when target then 'whose columns are to change'
        else format('which is to be made again, since the columns of %s are to change', target) end
      using errcode = 'dependent_objects_still_exist', hint = 'drop it, and make it again afterwards';
  end if;
  if not is_plain then
    if above <> '{}' then
      {% include "view_words/0/0" %}

      into views, empty, drops, names;
    end if;
    again := array(
      with made as (
        select c.*,
          case c.relkind when 'm' then 'materialized view' else 'view' end as word,
          c.relkind as becomes, (select oid from pg_roles where rolname = current_user) as owner, false as is_made_of_stage
        from pg_class as c where c.oid = any(above)
        union all
        select c.*, stage_word, stage_kind, (select relowner from pg_class where oid = stage), true
        from pg_class as c where c.oid = target
      )
      {% include "standing/0/0" %});
  end if;
  foreach statement in array coalesce(drops, '{}') loop
    execute statement;
  end loop;
  execute format('drop %s %s',
    case target_kind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end, target);
  execute format('alter %s %s rename to %s', stage_word, stage, {{ identifier | literal }});
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

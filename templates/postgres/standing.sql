Statements that make again what stands on relations and on the views above them, once others have their
names, in an order in which each finds what it needs. A constraint of others needs an index first.

-- query
select text from (
      select 0 as place, format('alter %s %s owner to %I', made.word, made.oid::regclass, pg_get_userbyid(made.relowner)) as text
      from made where made.relowner <> made.owner
      union all
      select 1, format('alter %s %s set (%s)', made.word, made.oid::regclass, string_agg(
        format('%s = %L', split_part(kept.option, '=', 1), substr(kept.option, strpos(kept.option, '=') + 1)), ', '))
      from made
      left join pg_class as toast on toast.oid = made.reltoastrelid
      cross join lateral (
        select unnest(made.reloptions) as option union all select 'toast.' || unnest(toast.reloptions)
      ) as kept
      where made.is_made_of_stage and made.relkind in ('r', 'v', 'm') and made.relkind = made.becomes
        and not exists (
          select from unnest(stage_options) as own where split_part(own, '=', 1) = split_part(kept.option, '=', 1))
      group by made.word, made.oid
      union all
      select 1, format('alter %s %s set tablespace %I', made.word, made.oid::regclass, t.spcname)
      from made join pg_tablespace as t on t.oid = made.reltablespace
      where made.relkind = made.becomes and made.relkind in ('r', 'm')
      union all
      select 2, format('alter %s %s alter column %I %s', made.word, made.oid::regclass, a.attname, setting.text)
      from made
      join pg_attribute as a on a.attrelid = made.oid and a.attnum > 0 and not a.attisdropped
      join pg_type as t on t.oid = a.atttypid
      left join pg_attribute as new on made.is_made_of_stage and new.attrelid = stage and new.attname = a.attname
      cross join lateral (
        values
          (case when a.attstattarget >= 0 then format('set statistics %s', a.attstattarget) end),
          ((select format('set (%s)', string_agg(option, ', ')) from unnest(a.attoptions) as option having count(*) > 0)),
          (case when a.attstorage <> t.typstorage then 'set storage ' || case a.attstorage
            when 'p' then 'plain' when 'e' then 'external' when 'm' then 'main' else 'extended' end end),
          (case when made.relkind = 'r' and to_jsonb(a) ->> 'attcompression' in ('p', 'l') then
            'set compression ' || case to_jsonb(a) ->> 'attcompression' when 'p' then 'pglz' else 'lz4' end end)
{%- if is_load is defined %},
          (case when new.attcollation = t.typcollation and a.attcollation <> t.typcollation and new.atttypid = a.atttypid then (
            select format('type %s collate %I.%I', format_type(a.atttypid, a.atttypmod), n.nspname, l.collname)
            from pg_collation as l join pg_namespace as n on n.oid = l.collnamespace where l.oid = a.attcollation) end)
{%- endif %}

      ) as setting (text)
      where made.relkind = made.becomes and made.relkind in ('r', 'm') and setting.text is not null
      union all
      select 3, format('alter %s %s alter column %I set default %s', made.word, made.oid::regclass, a.attname,
        pg_get_expr(f.adbin, f.adrelid))
      from made
      join pg_attrdef as f on f.adrelid = made.oid
      join pg_attribute as a on a.attrelid = f.adrelid and a.attnum = f.adnum and a.attgenerated = ''
      where made.relkind = made.becomes and made.relkind in ('r', 'v')
      union all
      select case c.contype when 'f' then 6 else 4 end,
        format('alter table %s add constraint %I %s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid))
      from made join pg_constraint as c on c.conrelid = made.oid
      where c.contype in ('c', 'p', 'u', 'x', 'f') and made.becomes = 'r'
      union all
      select 5, pg_get_indexdef(i.indexrelid)
      from made join pg_index as i on i.indrelid = made.oid join pg_class as c on c.oid = i.indexrelid
      where made.becomes in ('r', 'm')
        and not (made.is_made_of_stage and c.relname ~ '^sqlflow_[0-9a-f]{32}$')
        and not exists (select from pg_constraint where conindid = i.indexrelid and conrelid = made.oid)
{% if is_load is not defined %}
      union all
      select 7, format('alter table %s alter column %I set not null', made.oid::regclass, a.attname)
      from made join pg_attribute as a on a.attrelid = made.oid and a.attnum > 0 and not a.attisdropped and a.attnotnull
      where made.relkind in ('r', 'p') and made.becomes = 'r'
{% endif %}
      union all
      select 8, setting.text
      from made
      join pg_index as i on i.indrelid = made.oid
      join pg_class as c on c.oid = i.indexrelid
      cross join lateral (
        select format('comment on index %s is %L', c.oid::regclass, obj_description(c.oid, 'pg_class')) as text
        where obj_description(c.oid, 'pg_class') is not null
        union all
        select format('alter index %s set tablespace %I', c.oid::regclass, spcname) from pg_tablespace where oid = c.reltablespace
        union all
        select format('alter index %s alter column %s set statistics %s', c.oid::regclass, attnum, attstattarget)
        from pg_attribute where attrelid = c.oid and attstattarget >= 0
        union all
        select format('alter %s %s cluster on %I', made.word, made.oid::regclass, c.relname) where i.indisclustered
        union all
        select format('alter table %s replica identity using index %I', made.oid::regclass, c.relname)
        where i.indisreplident and made.relreplident = 'i'
      ) as setting
      where made.becomes in ('r', 'm') and not (made.is_made_of_stage and c.relname ~ '^sqlflow_[0-9a-f]{32}$')
      union all
      select 8, format('comment on constraint %I on %s is %L', c.conname, made.oid::regclass, obj_description(c.oid, 'pg_constraint'))
      from made join pg_constraint as c on c.conrelid = made.oid
      where made.becomes = 'r' and obj_description(c.oid, 'pg_constraint') is not null
      union all
      select 9, format('alter table %s %s', made.oid::regclass, setting.text)
      from made
      cross join lateral (
        values
          (case made.relreplident when 'f' then 'replica identity full' when 'n' then 'replica identity nothing' end),
          (case when made.relrowsecurity then 'enable row level security' end),
          (case when made.relforcerowsecurity then 'force row level security' end)
      ) as setting (text)
      where made.relkind = 'r' and made.becomes = 'r' and setting.text is not null
      union all
      select 10 + g.turn / 10000.0, format('grant %s on %s to %s%s', g.privilege_type, made.oid::regclass,
        case when g.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(g.grantee)) end,
        case when g.is_grantable then ' with grant option' else '' end)
      from made, aclexplode(made.relacl) with ordinality as g (grantor, grantee, privilege_type, is_grantable, turn)
      where g.grantee <> made.relowner
      union all
      select 11, format('grant %s (%I) on %s to %s%s', g.privilege_type, a.attname, a.attrelid::regclass,
        case when g.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(g.grantee)) end,
        case when g.is_grantable then ' with grant option' else '' end)
      from made join pg_attribute as a on a.attrelid = made.oid, aclexplode(a.attacl) as g
      where not a.attisdropped
      union all
      select 12, format('comment on %s %s is %L', made.word, made.oid::regclass, d.description)
      from made join pg_description as d on d.objoid = made.oid and d.classoid = 'pg_class'::regclass and d.objsubid = 0
      union all
      select 13, format('comment on column %s.%I is %L', made.oid::regclass, a.attname, d.description)
      from made
      join pg_description as d on d.objoid = made.oid and d.classoid = 'pg_class'::regclass and d.objsubid > 0
      join pg_attribute as a on a.attrelid = d.objoid and a.attnum = d.objsubid
    ) as kept order by place, text;

Whether nothing depends on the target and nothing tells it from the stage. Most tables are so, and need
not be looked at any longer.

-- query
select old.relkind = 'r' and not old.relispartition and old.reloftype = 0
      and (old.relkind, old.relacl::text, old.reloptions, old.relowner, old.reltablespace, old.relrowsecurity, old.relforcerowsecurity, old.relreplident)
        is not distinct from
        (new.relkind, new.relacl::text, new.reloptions, new.relowner, new.reltablespace, new.relrowsecurity, new.relforcerowsecurity, new.relreplident)
      and not exists (
        select from pg_depend as d
        where d.refclassid = 'pg_class'::regclass and d.refobjid = target
          and not (d.deptype = 'i' and (d.classid = 'pg_type'::regclass or (d.classid = 'pg_class'::regclass and d.objid = old.reltoastrelid))))
      and not exists (
        select from pg_depend as d
        where d.refclassid = 'pg_type'::regclass and d.refobjid in (old.reltype, (select typarray from pg_type where oid = old.reltype))
          and not (d.deptype = 'i' and d.classid = 'pg_type'::regclass))
      and not exists (select from pg_inherits where inhrelid = target)
      and not exists (select from pg_description where objoid = target and classoid = 'pg_class'::regclass)
      and not exists (select from pg_seclabel where objoid = target and classoid = 'pg_class'::regclass)
      and not exists (select from pg_class where oid = old.reltoastrelid and reloptions is not null)
      and not exists (
        select from pg_attribute as a
        left join pg_attribute as b on b.attrelid = stage and b.attname = a.attname
        where a.attrelid = target and a.attnum > 0 and not a.attisdropped
          and (a.attacl::text, a.attoptions, a.attstattarget, a.attstorage, a.attcollation, a.attnotnull, a.atthasdef, to_jsonb(a) ->> 'attcompression')
            is distinct from
            (b.attacl::text, b.attoptions, b.attstattarget, b.attstorage, b.attcollation, b.attnotnull, b.atthasdef, to_jsonb(b) ->> 'attcompression'))
    from pg_class as old join pg_class as new on new.oid = stage where old.oid = target;

The relation that is written to, and whether another may take its place: nothing refers to it, and
all that stands on it can be made again from its own words.
-- query
select
    n.nspname,
    c.oid::bigint,
    c.relkind,
    c.relkind = 'r' and not c.relispartition and not c.relrowsecurity and not c.relhassubclass
        and c.relreplident = 'd' and c.relpersistence = 'p' and c.reloptions is null
        and c.reltablespace = 0 and c.reloftype = 0
        and pg_has_role(current_user, c.relowner, 'usage') and c.relowner = current_user::regrole
        and not exists (select from pg_inherits where c.oid in (inhrelid, inhparent))
        and not exists (select from pg_rewrite where ev_class = c.oid)
        and not exists (select from pg_depend as d
            where d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid
              and d.classid in ('pg_rewrite'::regclass, 'pg_proc'::regclass, 'pg_policy'::regclass))
        and not exists (select from pg_depend as d
            where d.refclassid = 'pg_type'::regclass and d.refobjid in (c.reltype, (select typarray from pg_type where oid = c.reltype))
              and d.deptype = 'n')
        and not exists (select from pg_constraint where contype = 'f' and c.oid in (conrelid, confrelid))
        and not exists (select from pg_trigger where tgrelid = c.oid and not tgisinternal)
        and not exists (select from pg_publication_rel where prrelid = c.oid)
        and not exists (select from pg_statistic_ext where stxrelid = c.oid)
        and not exists (select from pg_index where indrelid = c.oid and indisclustered)
        and not exists (select from pg_attribute
            where attrelid = c.oid and attnum > 0 and not attisdropped
              and (atthasdef or attidentity <> '' or attgenerated <> '' or attoptions is not null or attacl is not null
                   or attstattarget >= 0 or attislocal is false
                   or attstorage <> (select typstorage from pg_type where oid = atttypid)))
        and not exists (select from pg_index as i join pg_class as x on x.oid = i.indexrelid
            where i.indrelid = c.oid and x.reltablespace <> 0)
        and not exists (select from pg_seclabel where objoid = c.oid and classoid = 'pg_class'::regclass),
    (select e.nspname from pg_namespace as e where e.nspname = {% if schema is none %}current_schema(){% else %}{{ schema | literal }}{% endif %})
from (select 1) as one
left join (pg_class as c join pg_namespace as n on n.oid = c.relnamespace)
    on c.relname = {{ name | literal }}
   and n.nspname = {% if schema is none %}current_schema(){% else %}{{ schema | literal }}{% endif %}
   and c.relkind in ('r', 'v', 'm', 'p', 'f', 'i', 'S', 'c', 'I')
limit 1;

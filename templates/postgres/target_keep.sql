Statements that make again what stands on a table, once another has its name.
-- query
select format('alter table %s add constraint %I %s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid))
from pg_constraint as c where c.conrelid = {{ oid }} and c.contype in ('c', 'p', 'u', 'x')
union all
select pg_get_indexdef(i.indexrelid) from pg_index as i
where i.indrelid = {{ oid }} and not exists (select from pg_constraint where conindid = i.indexrelid)
union all
select format('alter table %s alter column %I set not null', a.attrelid::regclass, a.attname)
from pg_attribute as a where a.attrelid = {{ oid }} and a.attnum > 0 and not a.attisdropped and a.attnotnull
union all
select format('grant %s on table %s to %s%s', g.privilege_type, c.oid::regclass,
    case when g.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(g.grantee)) end,
    case when g.is_grantable then ' with grant option' else '' end)
from pg_class as c, aclexplode(c.relacl) as g where c.oid = {{ oid }}
union all
select case when d.objsubid = 0 then format('comment on table %s is %L', d.objoid::regclass, d.description)
    else format('comment on column %s.%I is %L', d.objoid::regclass,
        (select attname from pg_attribute where attrelid = d.objoid and attnum = d.objsubid), d.description) end
from pg_description as d where d.objoid = {{ oid }} and d.classoid = 'pg_class'::regclass
union all
select format('comment on index %s is %L', d.objoid::regclass, d.description)
from pg_description as d join pg_index as i on i.indexrelid = d.objoid
where i.indrelid = {{ oid }} and d.classoid = 'pg_class'::regclass and d.objsubid = 0
union all
select format('comment on constraint %I on %s is %L', c.conname, c.conrelid::regclass, d.description)
from pg_description as d join pg_constraint as c on c.oid = d.objoid
where c.conrelid = {{ oid }} and d.classoid = 'pg_constraint'::regclass;

What holds on to a relation, or to a view above it, and neither is made again with it nor is such a view.
Whatever the server knows to depend on it counts, so that nothing goes with it that nobody thought of.

-- query
select what, relation::regclass
  from (
    select relation, pg_describe_object(d.classid, d.objid, d.objsubid) as what
    from unnest(above || target::oid) as every (relation)
    cross join lateral (
      select 'pg_class'::regclass::oid as class, relation as object
      union all select 'pg_type'::regclass, t.oid from pg_type as t where t.typrelid = relation
      union all select 'pg_type'::regclass, t.typarray from pg_type as t where t.typrelid = relation
    ) as known
    join pg_depend as d on d.refclassid = known.class and d.refobjid = known.object
    left join pg_class as c on d.classid = 'pg_class'::regclass and c.oid = d.objid
    where case d.classid
      when 'pg_type'::regclass then d.deptype <> 'i'
      when 'pg_class'::regclass then
        c.relkind <> 't' and not exists (select from pg_index where indrelid = relation and indexrelid = d.objid)
      when 'pg_rewrite'::regclass then d.refclassid = 'pg_type'::regclass
        or not exists (select from pg_rewrite where oid = d.objid and rulename = '_RETURN')
      when 'pg_constraint'::regclass then
        not exists (select from pg_constraint where oid = d.objid and (conrelid = relation or (contype = 'f' and confrelid = target)))
      when 'pg_attrdef'::regclass then not exists (
        select from pg_attrdef as f join pg_attribute as a on a.attrelid = f.adrelid and a.attnum = f.adnum
        where f.oid = d.objid and f.adrelid = relation and a.attgenerated = '')
      when 'pg_trigger'::regclass then exists (select from pg_trigger where oid = d.objid and not tgisinternal)
      else true
    end
    union all
    select relation, 'table ' || inhparent::regclass::text
    from unnest(above || target::oid) as every (relation) join pg_inherits on inhrelid = relation
    union all
    select relation, case when c.relkind = 'p' then 'its partitioning' else 'its type' end
    from unnest(above || target::oid) as every (relation) join pg_class as c on c.oid = relation
    where c.relkind = 'p' or c.reloftype <> 0
    union all
    select relation, 'a security label'
    from unnest(above || target::oid) as every (relation) join pg_seclabel as l on l.objoid = relation and l.classoid = 'pg_class'::regclass
  ) as found
  order by relation = target desc, what
  limit 1;

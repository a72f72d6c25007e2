The views that read a relation, or read others that do, those that read others after these.

-- query
with recursive found (view, depth) as (
    select target::oid, 0
    union
    select r.ev_class, found.depth + 1
    from found
    join pg_depend as d on d.refobjid = found.view and d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass
    join pg_rewrite as r on r.oid = d.objid and r.ev_class <> found.view and r.rulename = '_RETURN'
    where found.depth < 1000
  )
  select view from found where view <> target group by view order by max(depth), view;

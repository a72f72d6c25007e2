How each view above is made again, and what stands in for one that cannot be: a view of the same columns
that cannot be read until it is built again, so that what stands on it is not lost.

-- query
select array_agg(format('create %s %s%s as %s%s', made.word, made.oid::regclass, made.options,
      rtrim(pg_get_viewdef(made.oid), '; '), case when not made.relispopulated then ' with no data' end) order by made.at),
    array_agg(format('create %s %s%s as select %s%s', made.word, made.oid::regclass, made.lasting, made.columns,
      case made.relkind when 'm' then ' with no data' else format(' where %L::text::integer is null',
        format('view %s is to be built again, since the columns of %s changed', made.oid::regclass, target)) end) order by made.at),
    array_agg(format('drop %s %s', made.word, made.oid::regclass) order by made.at desc),
    array_agg(made.oid::regclass::text order by made.at)
  from (
    select c.oid, c.relkind, c.relispopulated, found.at,
      case c.relkind when 'm' then 'materialized view' else 'view' end as word,
      case when c.reloptions is not null then format(' with (%s)', array_to_string(c.reloptions, ', ')) end as options,
      (select format(' with (%s)', string_agg(option, ', ')) from unnest(c.reloptions) as option
       where option not like 'check_option=%' having count(*) > 0) as lasting,
      (select string_agg(format('null::%s%s as %I', format_type(a.atttypid, a.atttypmod),
          (select format(' collate %I.%I', n.nspname, l.collname)
           from pg_collation as l join pg_namespace as n on n.oid = l.collnamespace where l.oid = a.attcollation),
          a.attname), ', ' order by a.attnum)
       from pg_attribute as a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
    from unnest(above) with ordinality as found (view, at)
    join pg_class as c on c.oid = found.view
  ) as made;

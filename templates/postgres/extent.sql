The pages of the largest table that a relation is made of, and whether it may be split by them.
-- query
with recursive parts (oid) as (
    select {{ oid }}::oid
    union
    select i.inhrelid from pg_inherits as i join parts as p on p.oid = i.inhparent
)
select
    coalesce(max(case when c.relkind in ('r', 'm', 't') then pg_relation_size(c.oid) else 0 end)
        / current_setting('block_size')::bigint, 0),
    coalesce(bool_and(c.relkind in ('r', 'm', 'p')), false)
        and current_setting('server_version_num')::int >= 140000
from pg_class as c
where c.oid in (select oid from parts);

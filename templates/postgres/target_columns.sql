Each column of the target, with its type; what a column that comes is cast to, and whether that
loses nothing. Text becomes what is text at heart; a decimal may grow, not shrink.
-- query
with coming (place, name, type_name) as (
    values
    {% for column in columns %}
    ({{ loop.index }}, {{ column.name | literal }}, {{ column.type | literal }}){% if not loop.last %},{% endif %}

    {% endfor %}
),
typed as (
    select place, name, type_name, type_name::regtype::oid as type, regexp_match(type_name, '\((\d+),(\d+)\)') as digits
    from coming
),
standing as (
    select a.attname, a.attnum, a.attnotnull, a.atttypmod, a.atttypid, a.attgenerated, a.attidentity,
        a.atthasdef, format_type(a.atttypid, a.atttypmod) as shown,
        case when t.typtype = 'd' then t.typbasetype else t.oid end as base, t.typcategory
    from pg_attribute as a join pg_type as t on t.oid = a.atttypid
    where a.attrelid = {{ oid }} and a.attnum > 0 and not a.attisdropped
)
select
    coalesce(s.attname, c.name),
    c.name is not null,
    s.attname is not null,
    s.shown,
    c.type_name,
    s.attnotnull and not s.atthasdef and s.attidentity = '' and s.attgenerated = '',
    case
        when s.base = 'numeric'::regtype and c.type = 'numeric'::regtype and s.atttypmod >= 4 then
            coalesce(((s.atttypmod - 4) & 2047) >= c.digits[2]::int
                and ((s.atttypmod - 4) >> 16) - ((s.atttypmod - 4) & 2047) >= c.digits[1]::int - c.digits[2]::int, false)
        when s.base = c.type then true
        when c.type = 'bigint'::regtype and s.base in ('double precision'::regtype, 'real'::regtype) then false
        when c.type = 'integer'::regtype and s.base = 'real'::regtype then false
        when s.base in ('double precision'::regtype, 'real'::regtype) and c.type = 'numeric'::regtype then false
        when c.type = 'timestamp'::regtype and s.base = 'timestamptz'::regtype then false
        when c.type in ('jsonb'::regtype, 'text'::regtype) and s.base = 'json'::regtype then true
        when c.type = 'text'::regtype and (s.typcategory in ('S', 'E') or s.base in ('jsonb'::regtype, 'uuid'::regtype, 'inet'::regtype, 'xml'::regtype)) then true
        when c.type in ('uuid'::regtype, 'jsonb'::regtype) and s.typcategory = 'S' then true
        when c.type = 'numeric'::regtype and s.base = 'numeric'::regtype then true
        else exists (select from pg_cast where castsource = c.type and casttarget = s.base and castcontext = 'i')
    end,
    s.attgenerated <> '' or s.attidentity = 'a',
    s.base in ('json'::regtype, 'xml'::regtype) or s.typcategory = 'G',
    format_type(s.atttypid, -1),
    s.atttypid = c.type and case
        when c.digits is null then s.atttypmod = -1
        else s.atttypmod = ((c.digits[1]::int << 16) | c.digits[2]::int) + 4
    end
from typed as c
full join standing as s on s.attname = c.name
order by s.attnum, c.place;

Keys that come and that the target has more than once. Where a unique index forbids it, nothing is read.
-- query
analyze {{ stage | quote }};
select count(*), string_agg(shown, '; ') filter (where place <= 5)
from (
    select shown, row_number() over (order by shown) as place
    from (
        select concat_ws(', ', {% for column in key %}target.{{ column.name | quote }}::text{% if not loop.last %}, {% endif %}{% endfor %}) as shown
        from {{ schema | quote }}.{{ name | quote }} as target
        join {{ stage | quote }} as source
            on {% for column in key %}target.{{ column.name | quote }} = source.{{ column.name | quote }}::{{ column.to }}{% if not loop.last %} and {% endif %}{% endfor %}

        where not exists (
            select from pg_index as i
            where i.indrelid = {{ oid }} and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
              and not exists (
                  select from pg_attribute as a
                  where a.attrelid = i.indrelid and a.attnum = any(i.indkey)
                    and a.attname not in ({% for column in key %}{{ column.name | literal }}{% if not loop.last %}, {% endif %}{% endfor %})
              )
        )
        group by {% for column in key %}target.{{ column.name | quote }}{% if not loop.last %}, {% endif %}{% endfor %}

        having count(*) > 1
    ) as keys
) as twice;

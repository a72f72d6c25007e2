Keys that are NULL, and keys that come twice.
-- query
select
    (select count(*) from {% if in_schema %}{{ schema | quote }}.{% endif %}{{ stage | quote }}
     where {% for column in key %}{{ column | quote }} is null{% if not loop.last %} or {% endif %}{% endfor %}),
    (select count(*) from (select 1 from {% if in_schema %}{{ schema | quote }}.{% endif %}{{ stage | quote }}
     group by {% for column in key %}{{ column | quote }}{% if not loop.last %}, {% endif %}{% endfor %} having count(*) > 1) as twice),
    (select string_agg(shown, '; ') from (select concat_ws(', ', {% for column in key %}{{ column | quote }}::text{% if not loop.last %}, {% endif %}{% endfor %}) as shown
     from {% if in_schema %}{{ schema | quote }}.{% endif %}{{ stage | quote }}
     group by {% for column in key %}{{ column | quote }}{% if not loop.last %}, {% endif %}{% endfor %} having count(*) > 1
     order by 1 limit 5) as examples);

-- query
select
  coalesce(sum(case when has_null then copies else 0 end), 0)::bigint as rows_with_null,
  coalesce(sum(case when not has_null and copies > 1 then copies else 0 end), 0)::bigint as rows_with_copies
from (
  select
    {% for column in key %}{{ column | quote }} is null{{ " or " if not loop.last }}{% endfor %} as has_null,
    count(*) as copies
  from {{ batch }}
  group by {% for column in key %}{{ column | quote }}{{ ", " if not loop.last }}{% endfor %}

) as counted;

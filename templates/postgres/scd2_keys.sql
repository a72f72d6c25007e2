How many rows of a batch no version can be kept of, then up to five of the keys that several share.

-- query
select
  count(*) filter (where {% for column in key %}{{ column | quote }} is null{{ " or " if not loop.last }}{% endfor %}) as without_key,
  {% if date %}count(*) filter (where {{ date | quote }} is null){% else %}0{% endif %} as without_date,
  (
    select count(*)
    from (
      select 1
      from {{ batch }}
      group by {% for column in key %}{{ column | quote }}{{ ", " if not loop.last }}{% endfor %}

      having count(*) > 1 and {% for column in key %}{{ column | quote }} is not null{{ " and " if not loop.last }}{% endfor %}

    ) as shared
  ) as shared_keys
from {{ batch }};
select concat_ws(', ', {% for column in key %}{{ column | quote }}{{ ", " if not loop.last }}{% endfor %}) as key, count(*) as copies
from {{ batch }}
group by {% for column in key %}{{ column | quote }}{{ ", " if not loop.last }}{% endfor %}

having count(*) > 1 and {% for column in key %}{{ column | quote }} is not null{{ " and " if not loop.last }}{% endfor %}

order by {% for column in key %}{{ column | quote }}{{ ", " if not loop.last }}{% endfor %}

limit 5;

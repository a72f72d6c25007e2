Keys that stand several times in the stage: how many there are, and some of them.

-- query
select
  count(*) over () as keys,
  (select row_to_json(one)::text from (select {% for column in key %}batch.{{ column | quote }}{{ ", " if not loop.last }}{% endfor %}) as one) as key,
  count(*) as copies
from {{ stage }} as batch
{% if not null_match %}
where {% for column in key %}{{ column | quote }} is not null{{ " and " if not loop.last }}{% endfor %}

{% endif %}
group by {% for column in key %}batch.{{ column | quote }}{{ ", " if not loop.last }}{% endfor %}

having count(*) > 1
order by 2
limit 5;

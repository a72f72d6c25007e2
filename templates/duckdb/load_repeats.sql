Keys that stand several times in the stage: how many there are, and some of them.

-- query
select
  count(*) over () as keys,
  cast(to_json(struct_pack({% for column in key %}{{ column | quote }} := {{ column | quote }}{{ ", " if not loop.last }}{% endfor %})) as varchar) as key,
  count(*) as copies
from {{ stage }}
{% if not null_match %}
where {% for column in key %}{{ column | quote }} is not null{{ " and " if not loop.last }}{% endfor %}

{% endif %}
group by {% for column in key %}{{ column | quote }}{{ ", " if not loop.last }}{% endfor %}

having count(*) > 1
order by 2
limit 5;

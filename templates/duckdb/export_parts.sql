How many rows each folder has, in the order in which they stand in the stage.

-- query
select
  count(*)
{%- for column in partition_by %},
  cast({{ column | quote }} as varchar)
{%- endfor %}

from {{ stage }}
{%- if partition_by %}

group by {% for column in partition_by %}{{ column | quote }}{{ ", " if not loop.last }}{% endfor %}

order by min(rowid)
{%- endif %};

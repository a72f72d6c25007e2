How many versions are current, and how many of them have a key that the batch lacks.

-- query
select
  count(*) as current_versions,
  count(*) filter (where not exists (
    select 1
    from {{ batch }} as batch
    where {% for column in key %}{{ "and " if not loop.first }}version.{{ column | quote }} = batch.{{ column | quote }}{{ "\n      " if not loop.last }}{% endfor %}

  )) as absent
from {{ relation }} as version
where (version.{{ valid_to | quote }} is null{% if open_end %} or version.{{ valid_to | quote }} = {{ open_end }}{% endif %})
{%- if is_deleted %}

  and version.{{ is_deleted | quote }} is distinct from 'True'
{%- endif %};

Of the current versions, how many keys a complete source no longer has. A table that is made anew has no
version yet: it was made while its source had no rows, and another takes its place (see `scd2`).

-- check when: the rows stay
{% if complete %}
select
  count(*) as rows_before,
  count(*) filter (where not exists (
    select 1
    from {{ stage }} as DBT_INTERNAL_SOURCE
    where {% for column in keys %}DBT_INTERNAL_DEST.{{ column.target | quote }} = DBT_INTERNAL_SOURCE.{{ column.name | quote }}{{ "\n      and " if not loop.last }}{% endfor %}

  )) as absent
from {{ relation }} as DBT_INTERNAL_DEST
where {{ valid_to | quote }} is null
{%- endif %};

-- clear
drop table if exists {{ stage }};

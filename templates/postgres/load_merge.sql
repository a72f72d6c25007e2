Rows that changed go to a temporary table, which counts them; those that the table has are updated in
place, so that what refers to them still does, and new ones are inserted.

-- stage when: the rows stay
drop table if exists pg_temp.{{ changes }};
create temporary table {{ changes }} as
select
{% for column in columns %}
{% if column.name == none %}
  DBT_INTERNAL_DEST.{{ column.target | quote }},
{% elif column.is_soft %}
  case
    when DBT_INTERNAL_SOURCE."__sqlflow_deleted"
      then coalesce(DBT_INTERNAL_DEST.{{ column.target | quote }}, cast({{ loaded_at | literal }} as timestamp with time zone))
  end as {{ column.target | quote }},
{% elif column.updated %}
  {% if column.cast %}cast(DBT_INTERNAL_SOURCE.{{ column.name | quote }} as {{ column.cast | type }}){% else %}DBT_INTERNAL_SOURCE.{{ column.name | quote }}{% endif %} as {{ column.target | quote }},
{% else %}
  case
    when DBT_INTERNAL_DEST."__sqlflow_matched" then DBT_INTERNAL_DEST.{{ column.target | quote }}
    else {% if column.cast %}cast(DBT_INTERNAL_SOURCE.{{ column.name | quote }} as {{ column.cast | type }}){% else %}DBT_INTERNAL_SOURCE.{{ column.name | quote }}{% endif %}

  end as {{ column.target | quote }},
{% endif %}
{% endfor %}
  case
{% if flag and not soft %}
    when DBT_INTERNAL_SOURCE."__sqlflow_deleted" and DBT_INTERNAL_DEST."__sqlflow_matched" then 'deleted'
    when DBT_INTERNAL_SOURCE."__sqlflow_deleted" then 'skipped'
{% endif %}
    when DBT_INTERNAL_DEST."__sqlflow_matched" is null then 'inserted'
{% if flag and soft %}
    when DBT_INTERNAL_SOURCE."__sqlflow_deleted" and DBT_INTERNAL_DEST.{{ soft | quote }} is null then 'deleted'
{% endif %}
{% if matched_condition %}
    when ({{ matched_condition }}) is not true then 'skipped'
{% endif %}
{% if soft %}
    when not DBT_INTERNAL_SOURCE."__sqlflow_deleted" and DBT_INTERNAL_DEST.{{ soft | quote }} is not null then 'updated'
{% endif %}
{% for column in columns if column.compared %}
    when DBT_INTERNAL_SOURCE.{{ column.name | quote }} is distinct from DBT_INTERNAL_DEST.{{ column.target | quote }} then 'updated'
{% endfor %}
    else 'unchanged'
  end as "__sqlflow_change"
from (
  select *, {% if flag %}coalesce(({{ flag }}), false){% else %}false{% endif %} as "__sqlflow_deleted"
  from {{ stage }}
) as DBT_INTERNAL_SOURCE
left join (
{% if standing %}
  select
{% for column in standing %}
    {% if column.is_new %}cast(null as {{ column.type | type }}) as {{ column.name | quote }}{% elif column.type %}cast({{ column.name | quote }} as {{ column.type | type }}) as {{ column.name | quote }}{% else %}{{ column.name | quote }}{% endif %},
{% endfor %}
    true as "__sqlflow_matched"
{% else %}
  select *, true as "__sqlflow_matched"
{% endif %}
  from {{ relation }}
) as DBT_INTERNAL_DEST
  on {% for column in keys %}DBT_INTERNAL_DEST.{{ column.target | quote }} {{ "is not distinct from" if null_match else "=" }} DBT_INTERNAL_SOURCE.{{ column.name | quote }}{{ "\n  and " if not loop.last }}{% endfor %};

-- check when: the rows stay
select
  count(*) as matches,
  count(*) filter (where "__sqlflow_change" = 'inserted') as inserted,
  count(*) filter (where "__sqlflow_change" = 'updated') as updated,
  count(*) filter (where "__sqlflow_change" = 'unchanged') as unchanged,
  count(*) filter (where "__sqlflow_change" = 'skipped') as skipped,
  count(*) filter (where "__sqlflow_change" = 'deleted') as deleted
{%- if complete or flag %},
  (
    select count(*)
    from {{ relation }} as DBT_INTERNAL_DEST
{%- if soft %}

    where {{ soft | quote }} is null
{%- endif %}

  ) as rows_before
{%- endif %}
{%- if complete %},
  (
    select count(*)
    from {{ relation }} as DBT_INTERNAL_DEST
    where not exists (
      select 1
      from {{ stage }} as DBT_INTERNAL_SOURCE
      where {% for column in keys %}DBT_INTERNAL_DEST.{{ column.target | quote }} {{ "is not distinct from" if null_match else "=" }} DBT_INTERNAL_SOURCE.{{ column.name | quote }}{{ "\n      and " if not loop.last }}{% endfor %}

    )
{%- if soft %}

      and {{ soft | quote }} is null
{%- endif %}

  ) as absent
{%- endif %}

from {{ changes }};

-- publish when: the rows stay
{% include "whole/0/0" %};
delete from {{ relation }} as DBT_INTERNAL_DEST
using {{ changes }} as DBT_INTERNAL_SOURCE
where DBT_INTERNAL_SOURCE."__sqlflow_change" = {{ "'nothing'" if soft else "'deleted'" }}
{% for column in keys %}
  and DBT_INTERNAL_DEST.{{ column.target | quote }} {{ "is not distinct from" if null_match else "=" }} DBT_INTERNAL_SOURCE.{{ column.target | quote }}
{%- if not loop.last %}

{% endif %}
{%- endfor %};
update {{ relation }} as DBT_INTERNAL_DEST
set {% for column in columns if column.name != none %}{{ column.target | quote }} = DBT_INTERNAL_SOURCE.{{ column.target | quote }}{{ ", " if not loop.last }}{% endfor %}

from {{ changes }} as DBT_INTERNAL_SOURCE
where DBT_INTERNAL_SOURCE."__sqlflow_change" in ('updated'{{ ", 'deleted'" if soft }})
{% for column in keys %}
  and DBT_INTERNAL_DEST.{{ column.target | quote }} {{ "is not distinct from" if null_match else "=" }} DBT_INTERNAL_SOURCE.{{ column.target | quote }}
{%- if not loop.last %}

{% endif %}
{%- endfor %};
insert into {{ relation }} ({% for column in columns if column.name != none %}{{ column.target | quote }}{{ ", " if not loop.last }}{% endfor %})
select {% for column in columns if column.name != none %}{{ column.target | quote }}{{ ", " if not loop.last }}{% endfor %}

from {{ changes }}
where "__sqlflow_change" = 'inserted';
{% if complete and soft %}
update {{ relation }} as DBT_INTERNAL_DEST
set {{ soft | quote }} = cast({{ loaded_at | literal }} as timestamp with time zone)
where {{ soft | quote }} is null
  and not exists (
    select 1
    from {{ stage }} as DBT_INTERNAL_SOURCE
    where {% for column in keys %}DBT_INTERNAL_DEST.{{ column.target | quote }} {{ "is not distinct from" if null_match else "=" }} DBT_INTERNAL_SOURCE.{{ column.name | quote }}{{ "\n    and " if not loop.last }}{% endfor %}

  )
{% elif complete %}
delete from {{ relation }} as DBT_INTERNAL_DEST
where not exists (
  select 1
  from {{ stage }} as DBT_INTERNAL_SOURCE
  where {% for column in keys %}DBT_INTERNAL_DEST.{{ column.target | quote }} {{ "is not distinct from" if null_match else "=" }} DBT_INTERNAL_SOURCE.{{ column.name | quote }}{{ "\n  and " if not loop.last }}{% endfor %}

)
{%- endif %};
drop table {{ changes }};
drop table {{ stage }};

The rows of the stage are added, but for those of the overlap that are there already. Copies are
counted: of two equal rows that the table has once, one is new. Where no cursor is recorded, every row
was read, so that all of the table is overlap. Another system may give rows again that lie before what
was recorded, because they may have committed late.

-- stage when: the rows stay
{% if cursor %}drop table if exists pg_temp.{{ changes }}{% endif %};
{% if cursor %}
create temporary table {{ changes }} as
select
{% for column in columns if column.name != none %}
  DBT_INTERNAL_SOURCE.{{ column.target | quote }}{{ "," if not loop.last }}
{% endfor %}
from (
  select
    *,
    row_number() over (
      partition by {% for column in identity %}{{ column | quote }}{{ ", " if not loop.last }}{% endfor %}
{% if others %}
      order by {% for column in others %}{{ column | quote }}{{ ", " if not loop.last }}{% endfor %}
{% endif %}

    ) as "__sqlflow_copy"
  from (
    select
{% for column in columns if column.name != none %}
      {% if column.cast %}cast({{ column.name | quote }} as {{ column.cast | type }}){% else %}{{ column.name | quote }}{% endif %} as {{ column.target | quote }}{{ "," if not loop.last }}
{% endfor %}
    from {{ stage }}
  ) as staged
) as DBT_INTERNAL_SOURCE
where not exists (
  select 1
  from (
    select
      {% for column in identity %}{{ column | quote }}, {% endfor %}

      row_number() over (
        partition by {% for column in identity %}{{ column | quote }}{{ ", " if not loop.last }}{% endfor %}
{% if others %}
        order by {% for column in others %}{{ column | quote }}{{ ", " if not loop.last }}{% endfor %}
{% endif %}

      ) as "__sqlflow_copy"
    from {% if standing %}(
      select {% for column in standing %}{% if column.is_new %}cast(null as {{ column.type | type }}) as {{ column.name | quote }}{% elif column.type %}cast({{ column.name | quote }} as {{ column.type | type }}) as {{ column.name | quote }}{% else %}{{ column.name | quote }}{% endif %}{{ ", " if not loop.last }}{% endfor %}

      from {{ relation }}
    ) as standing{% else %}{{ relation }}{% endif %}
{%- if cursor.recorded %}


    where {{ cursor.target | quote }} is null
      or {{ cursor.target | quote }} >= {% if streamed %}(select min({{ cursor.name | quote }}) from {{ stage }}){% else %}{{ cursor.since }}{% endif %}
{%- endif %}

  ) as DBT_INTERNAL_DEST
  where DBT_INTERNAL_DEST."__sqlflow_copy" = DBT_INTERNAL_SOURCE."__sqlflow_copy"
{% for column in identity %}
    and DBT_INTERNAL_DEST.{{ column | quote }} is not distinct from DBT_INTERNAL_SOURCE.{{ column | quote }}
{% endfor %}
)
{%- endif %};

-- publish when: the rows stay
{% include "whole/0/0" %};
{% if cursor %}
insert into {{ relation }} ({% for column in columns if column.name != none %}{{ column.target | quote }}{{ ", " if not loop.last }}{% endfor %})
select {% for column in columns if column.name != none %}{{ column.target | quote }}{{ ", " if not loop.last }}{% endfor %} from {{ changes }}
{% else %}
insert into {{ relation }} ({% for column in columns if column.name != none %}{{ column.target | quote }}{{ ", " if not loop.last }}{% endfor %})
select {% for column in columns if column.name != none %}{{ column.name | quote }}{{ ", " if not loop.last }}{% endfor %} from {{ stage }}
{%- endif %};
drop table if exists pg_temp.{{ changes }};
drop table {{ stage }};

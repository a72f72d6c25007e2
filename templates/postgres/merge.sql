What `merge into` does, for servers before version 15 too.

-- stage when: the rows stay
drop table if exists pg_temp.{{ batch }};
create temporary table {{ batch }} as
{{ query }};

-- publish when: the rows stay
{% if update is none or update %}
{%- macro matched() %}{% for column in key %}{{ "and " if not loop.first }}DBT_INTERNAL_DEST.{{ column | quote }} = DBT_INTERNAL_SOURCE.{{ column | quote }}{{ "\n  " if not loop.last }}{% endfor %}{% for predicate in predicates %}

  and ({{ predicate }}){% endfor %}{% endmacro %}
update {{ relation }} as DBT_INTERNAL_DEST
set {% if update or names %}{% for column in (update or names) %}{{ column | quote }} = DBT_INTERNAL_SOURCE.{{ column | quote }}{{ ", " if not loop.last }}{% endfor %}{% else %}…{% endif %}

from {{ batch }} as DBT_INTERNAL_SOURCE
where {{ matched() }}
{%- for condition in update_conditions %}

  and ({{ condition }})
{%- endfor %}
{%- endif %};
insert into {{ relation }} ({{ columns or '…' }})
select {{ columns or '…' }}
from {{ batch }} as DBT_INTERNAL_SOURCE
where not exists (
  select 1
  from {{ relation }} as DBT_INTERNAL_DEST
  where {% for column in key %}{{ "and " if not loop.first }}DBT_INTERNAL_DEST.{{ column | quote }} = DBT_INTERNAL_SOURCE.{{ column | quote }}{{ "\n    " if not loop.last }}{% endfor %}
{% for predicate in predicates %}

    and ({{ predicate }})
{%- endfor %}

)
{%- for condition in insert_conditions %}

and ({{ condition }})
{%- endfor %};
drop table {{ batch }};

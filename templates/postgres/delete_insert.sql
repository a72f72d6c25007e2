-- stage when: the rows stay
drop table if exists pg_temp.{{ batch }};
create temporary table {{ batch }} as
{{ query }};

-- publish when: the rows stay
{% include "whole/0/0" %};
delete from {{ relation }} as DBT_INTERNAL_DEST
where exists (
  select 1
  from {{ batch }} as DBT_INTERNAL_SOURCE
  where {% for column in key %}{{ "and " if not loop.first }}DBT_INTERNAL_DEST.{{ column | quote }} = DBT_INTERNAL_SOURCE.{{ column | quote }}{{ "\n    " if not loop.last }}{% endfor %}

)
{%- for predicate in predicates %}

  and ({{ predicate }})
{%- endfor %};
insert into {{ relation }} ({{ columns or '…' }})
select {{ columns or '…' }} from {{ batch }};
drop table {{ batch }};

-- stage when: the rows stay
drop table if exists pg_temp.{{ batch }};
create temporary table {{ batch }} as
{{ query }};

-- publish when: the rows stay
{% include "whole/0/0" %};
delete from {{ relation }} as DBT_INTERNAL_DEST
where {{ event_time }} >= {{ start | literal }}
  and {{ event_time }} < {{ end | literal }}
{%- for predicate in predicates %}

  and ({{ predicate }})
{%- endfor %};
insert into {{ relation }} ({{ columns or '…' }})
select {{ columns or '…' }} from {{ batch }}
where {{ event_time }} >= {{ start | literal }}
  and {{ event_time }} < {{ end | literal }};
drop table {{ batch }};

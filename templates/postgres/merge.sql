What `merge into` does, for servers before version 15 too.

-- stage when: the rows stay
drop table if exists pg_temp.{{ batch }};
create temporary table {{ batch }} as
{{ query }};

-- publish when: the rows stay
{% include "whole/0/0" %};
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
{% if not insert_conditions and not update_conditions and names %}
do $sqlflow$
declare
  target regclass := {{ relation | literal }}::regclass;
  expected bigint;
  written bigint;
begin
  -- Only a trigger keeps a row from being written; without one nothing is counted.
  if not exists (select from pg_trigger where tgrelid = target and not tgisinternal and tgenabled <> 'D' and tgtype & 66 <> 0) then
    return;
  end if;
  select count(*) into expected
  from {{ batch }} as DBT_INTERNAL_SOURCE
  where {% for column in key %}DBT_INTERNAL_SOURCE.{{ column | quote }} is not null and {% endfor %}not exists (
    select 1
    from {{ relation }} as DBT_INTERNAL_DEST
    where {% for column in key %}{{ "and " if not loop.first }}DBT_INTERNAL_DEST.{{ column | quote }} = DBT_INTERNAL_SOURCE.{{ column | quote }}{{ "\n      " if not loop.last }}{% endfor %}

  );
{% if update is none or update %}
  if expected = 0 and current_setting('track_counts')::boolean then
    select count(*) into expected
    from {{ relation }} as DBT_INTERNAL_DEST
    where exists (
      select 1
      from {{ batch }} as DBT_INTERNAL_SOURCE
      where {% for column in key %}{{ "and " if not loop.first }}DBT_INTERNAL_DEST.{{ column | quote }} = DBT_INTERNAL_SOURCE.{{ column | quote }}{{ "\n        " if not loop.last }}{% endfor %}
{% for predicate in predicates %}

        and ({{ predicate }})
{%- endfor %}

    );
    select sum(pg_stat_get_xact_tuples_inserted(relid) + pg_stat_get_xact_tuples_updated(relid)) into written
    from (select target as relid union select relid from pg_partition_tree(target)) as parts;
    expected := greatest(expected - written, 0);
  end if;
{% endif %}
  if expected > 0 then
    raise exception 'a trigger of % kept rows from being written: %', target, expected
      using errcode = 'triggered_action_exception', hint = 'drop it, or let it write every row';
  end if;
end
$sqlflow$
{% endif %};
drop table {{ batch }};

Applies a batch to the table that keeps the versions of rows. One join finds what changed; its rows
hold no more than where the batch's row and the version are, so that counts, closing and opening
need no second one. Where a row stands holds until it is written, and no version is written before it
is ended here.

-- publish when: the relation is made anew
create table {{ made }} as
select
  {%+ for column in columns %}batch.{{ column | quote }},{{ " " if not loop.last }}{% endfor %}

{% if scd_id %}
  md5({% for column in key %}coalesce(cast(batch.{{ column | quote }} as text), '') || '|' || {% endfor %}coalesce(cast(batch.__sqlflow_begin as text), '')) as {{ scd_id | quote }},
  batch.__sqlflow_begin as {{ updated_at | quote }},
{% endif %}
  batch.__sqlflow_begin as {{ valid_from | quote }},
  cast({{ open_end or "null" }} as {{ time | type }}) as {{ valid_to | quote }}
{%- if is_deleted %},
  'False' as {{ is_deleted | quote }}
{%- endif %}
{%- if is_current %},
  true as {{ is_current | quote }}
{%- endif %}

from (
  select *, {% if date %}coalesce(cast({{ date | quote }} as {{ time | type }}), {% endif %}cast({{ now | literal }} as {{ time | type }}){{ ")" if date }} as __sqlflow_begin
  from {{ batch }}
) as batch;
{% if is_placed %}
{% set stage = made %}
{% include "swap/0/0" %}
{% endif %};

-- publish when: the rows stay
{% include "whole/0/0" %};
drop table if exists pg_temp.{{ changes }};
create temporary table {{ changes }} as
select
  case
    when version.version_row is null then 'new'
    when batch.batch_row is null then 'absent'
    else 'changed'
  end as kind,
  batch.batch_row,
  version.version_row,
  cast(
{% if date %}
    case when batch.starts > version.starts or (version.starts is null and batch.starts is not null) then batch.starts else
{% endif %}
    greatest(cast({{ now | literal }} as {{ time | type }}), version.starts)
{%- if date %} end{% endif %}

  as {{ time | type }}) as starts
from (
  select ctid as batch_row{% if date %}, {{ date | quote }} as starts{% endif %}{% for column in key %}, {{ column | quote }} as key_{{ loop.index }}{% endfor %}{% for column in compared %}, {{ column | quote }} as value_{{ loop.index }}{% endfor %}{% for column in fresh %}, {{ column | quote }} as fresh_{{ loop.index }}{% endfor %}

  from {{ batch }}
) as batch
{{ "full" if deletes else "left" }} join (
  select ctid as version_row, {{ valid_from | quote }} as starts{% if is_deleted %}, {{ is_deleted | quote }} as is_deleted{% endif %}{% for column in key %}, {{ column | quote }} as key_{{ loop.index }}{% endfor %}{% for column in compared %}, {{ column | quote }} as value_{{ loop.index }}{% endfor %}

  from {{ relation }}
  where {{ valid_to | quote }} is null{% if open_end %} or {{ valid_to | quote }} = {{ open_end }}{% endif %}

) as version
  on {% for column in key %}{{ "and " if not loop.first }}batch.key_{{ loop.index }} = version.key_{{ loop.index }}{{ "\n  " if not loop.last }}{% endfor %}

where case
  when version.version_row is null then true
  when batch.batch_row is null then {{ "version.is_deleted is distinct from 'True'" if is_deleted else "true" }}
{% if is_deleted %}
  when version.is_deleted = 'True' then true
{% endif %}
{% if by_timestamp %}
  else batch.starts > version.starts
{% else %}
  else {% for column in compared %}batch.value_{{ loop.index }} is distinct from version.value_{{ loop.index }}
    or {% endfor %}{% for column in fresh %}batch.fresh_{{ loop.index }} is not null
    or {% endfor %}false
{% endif %}
end;
update {{ changes }} as change
set starts = case
  when change.starts > closed.last_end then change.starts
  else greatest(cast({{ now | literal }} as {{ time | type }}), closed.last_end)
end
from (
  select found.batch_row, max(version.{{ valid_to | quote }}) as last_end
  from {{ changes }} as found
  join {{ batch }} as batch on batch.ctid = found.batch_row
  join {{ relation }} as version
    on {% for column in key %}{{ "and " if not loop.first }}batch.{{ column | quote }} = version.{{ column | quote }}{{ "\n    " if not loop.last }}{% endfor %}

  where found.kind = 'new' and version.{{ valid_to | quote }} is not null
  group by found.batch_row
) as closed
where change.batch_row = closed.batch_row;
{% if is_deleted %}
insert into {{ relation }} (
  {%+ for column in carried %}{{ column | quote }}, {% endfor %}{{ scd_id | quote }}, {{ updated_at | quote }}, {{ valid_from | quote }}, {{ valid_to | quote }}, {{ is_deleted | quote }}
)
select
  {%+ for column in carried %}version.{{ column | quote }}, {% endfor %}md5(coalesce(version.{{ scd_id | quote }}, '') || '|' || cast(change.starts as text)), change.starts, change.starts, {{ open_end or "null" }}, 'True'
from {{ changes }} as change
join {{ relation }} as version on version.ctid = change.version_row
where change.kind = 'absent'
{%- endif %};
update {{ relation }} as version
set {{ valid_to | quote }} = change.starts{% if is_current %}, {{ is_current | quote }} = false{% endif %}

from {{ changes }} as change
where version.ctid = change.version_row;
insert into {{ relation }} (
  {%+ for column in columns %}{{ column | quote }}, {% endfor %}{% if scd_id %}{{ scd_id | quote }}, {{ updated_at | quote }}, {% endif %}{{ valid_from | quote }}, {{ valid_to | quote }}{% if is_deleted %}, {{ is_deleted | quote }}{% endif %}{% if is_current %}, {{ is_current | quote }}{% endif %}

)
select
  {%+ for column in columns %}batch.{{ column | quote }}, {% endfor %}{% if scd_id %}md5({% for column in key %}coalesce(cast(batch.{{ column | quote }} as text), '') || '|' || {% endfor %}coalesce(cast(change.starts as text), '')), change.starts, {% endif %}change.starts, {{ open_end or "null" }}{% if is_deleted %}, 'False'{% endif %}{% if is_current %}, true{% endif %}

from {{ changes }} as change
join {{ batch }} as batch on batch.ctid = change.batch_row;
do $sqlflow$
declare
  twice bigint;
  lost bigint;
begin
  select count(*) filter (where versions > 1), count(*) filter (where versions = 0) into twice, lost
  from (
    select change.batch_row, count(version.ctid) as versions
    from {{ changes }} as change
    join {{ batch }} as batch on batch.ctid = change.batch_row
    left join {{ relation }} as version
      on {% for column in key %}{{ "and " if not loop.first }}batch.{{ column | quote }} = version.{{ column | quote }}{{ "\n    " if not loop.last }}{% endfor %}

     and (version.{{ valid_to | quote }} is null{% if open_end %} or version.{{ valid_to | quote }} = {{ open_end }}{% endif %})
    group by change.batch_row
  ) as shared;
  if twice > 0 then
    raise exception 'sqlflow: % keys have more than one current version', twice;
  end if;
  -- Where a version that was to end still stands as it was, nothing wrote to it.
  lost := lost + (
    select count(*)
    from {{ changes }} as change
    join {{ relation }} as version on version.ctid = change.version_row
    where version.{{ valid_to | quote }} is null{% if open_end %} or version.{{ valid_to | quote }} = {{ open_end }}{% endif %}

  );
  if lost > 0 then
    raise exception 'a trigger of % kept rows from being written: %', {{ relation | literal }}::regclass, lost
      using errcode = 'triggered_action_exception', hint = 'drop it, or let it write every row';
  end if;
end
$sqlflow$;

-- query when: the rows stay
select
  count(*) filter (where kind = 'new') as inserted,
  count(*) filter (where kind = 'changed') as changed,
  count(*) filter (where kind = 'absent') as absent,
  (select count(*) from {{ batch }}) - count(batch_row) as unchanged
from {{ changes }};

-- clear when: the rows stay
drop table if exists pg_temp.{{ changes }};

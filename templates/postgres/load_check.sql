What the stage holds, in one row, where there is something to look for.

-- check
{% if cursor or (key and counts_keys) or required %}
select
  count(*) as rows_read
{%- if cursor %},
  count(*) filter (where {{ cursor.name | quote }} is null) as null_cursors,
{%- if cursor.ceiling %}

  cast(least(
    greatest(max({{ cursor.name | quote }}), {% if cursor.recorded %}cast({{ cursor.recorded | literal }} as {{ cursor.type | type }}){% else %}max({{ cursor.name | quote }}){% endif %}),
    case when count({{ cursor.name | quote }}) > 0 then cast({{ cursor.ceiling | literal }} as {{ cursor.type | type }}) end
  ) as text) as cursor_value,
{%- elif cursor.recorded %}

  cast(greatest(max({{ cursor.name | quote }}), cast({{ cursor.recorded | literal }} as {{ cursor.type | type }})) as text) as cursor_value,
{%- else %}

  cast(max({{ cursor.name | quote }}) as text) as cursor_value,
{%- endif %}
{%- if cursor.recorded %}

  coalesce(max({{ cursor.name | quote }}) < cast({{ cursor.recorded | literal }} as {{ cursor.type | type }}), true) as cursor_went_back
{%- else %}

  false as cursor_went_back
{%- endif %}
{%- endif %}
{%- if key and counts_keys %},
  count(*) filter (where {% for column in key %}{{ column | quote }} is null{{ " or " if not loop.last }}{% endfor %}) as null_keys,
  (
    select cast(coalesce(sum(copies - 1), 0) as bigint)
    from (
      select count(*) as copies
      from {{ stage }}
{%- if not null_match %}

      where {% for column in key %}{{ column | quote }} is not null{{ " and " if not loop.last }}{% endfor %}
{%- endif %}

      group by {% for column in key %}{{ column | quote }}{{ ", " if not loop.last }}{% endfor %}

      having count(*) > 1
    ) as repeated
  ) as repeated_keys
{%- endif %}
{%- for column in required %},
  count(*) filter (where {{ column | quote }} is null) as {{ ("nulls in " ~ column) | quote }}
{%- endfor %}

from {{ stage }}
{% endif %};

Versions that a reader takes for current and this configuration does not: they end later than any run
can have closed them, or where current versions ended before, and no version of their key follows. Then
those whose end is open.

-- query
select
  count(*) as strays,
  cast(min(stray.ends) as text) as stray_end,
  (select count(*) from {{ relation }} where {{ valid_to | quote }} is null) as open_ends
from (
  select {% for column in key %}{{ column | quote }} as key_{{ loop.index }}, {% endfor %}{{ valid_to | quote }} as ends

  from {{ relation }}
  where ({{ valid_to | quote }} > cast({{ limit | literal }} as {{ time | type }}){% if was %} or {{ valid_to | quote }} = {{ was }}{% endif %})
    and {{ valid_to | quote }} > {{ valid_from | quote }}
{%- if open_end %}

    and {{ valid_to | quote }} is distinct from {{ open_end }}
{%- endif %}

) as stray
where not exists (
  select 1
  from {{ relation }} as version
  where version.{{ valid_from | quote }} >= stray.ends{% for column in key %}

    and version.{{ column | quote }} = stray.key_{{ loop.index }}{% endfor %}

);

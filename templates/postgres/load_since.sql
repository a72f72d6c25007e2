Where reading starts again: the recorded value, less the lag. It may lie before the least value of the
cursor's own type.

-- query
{% if units and is_integer %}
cast({{ recorded | literal }} as numeric) - {{ units }}
{%- else %}
cast({{ recorded | literal }} as {{ type | type }})
{%- if minutes %} - make_interval(mins => {{ minutes }}){% endif %}
{%- if units %} - {{ units }}{% endif %}
{%- endif %};

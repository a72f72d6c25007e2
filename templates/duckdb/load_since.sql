Where reading starts again: the recorded value, less the lag.

-- query
cast({{ recorded | literal }} as {{ type }})
{%- if minutes %} - to_minutes({{ minutes }}){% endif %}
{%- if units %} - {{ units }}{% endif %};

-- publish
{% if kind == "index" %}
{{ text }}
{% elif kind == "table" %}
comment on table {{ relation }} is {{ text | literal }}
{% else %}
comment on column {{ relation }}.{{ name | quote }} is {{ text | literal }}
{%- endif %};

Rows that are as they come are left alone.
-- query
{% if others %}update {{ schema | quote }}.{{ name | quote }} as target
set {% for column in others %}{{ column.name | quote }} = source.{{ column.name | quote }}::{{ column.to }}{% if not loop.last %}, {% endif %}{% endfor %}

from {{ stage | quote }} as source
where {% for column in key %}target.{{ column.name | quote }} = source.{{ column.name | quote }}::{{ column.to }} and {% endfor %}(
{% for column in others %}
    target.{{ column.name | quote }}{{ column.compared }} is distinct from source.{{ column.name | quote }}::{{ column.to }}{{ column.compared }}
    {%- if not loop.last %} or{% endif %}

{% endfor %}
){% endif %};
insert into {{ schema | quote }}.{{ name | quote }} ({% for column in columns %}{{ column.name | quote }}{% if not loop.last %}, {% endif %}{% endfor %})
select {% for column in columns %}source.{{ column.name | quote }}::{{ column.to }}{% if not loop.last %}, {% endif %}{% endfor %}

from {{ stage | quote }} as source
where not exists (
    select from {{ schema | quote }}.{{ name | quote }} as target
    where {% for column in key %}target.{{ column.name | quote }} = source.{{ column.name | quote }}::{{ column.to }}{% if not loop.last %} and {% endif %}{% endfor %}

);

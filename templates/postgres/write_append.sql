-- query
insert into {{ schema | quote }}.{{ name | quote }} ({% for column in columns %}{{ column.name | quote }}{% if not loop.last %}, {% endif %}{% endfor %})
select {% for column in columns %}{{ column.name | quote }}::{{ column.to }}{% if not loop.last %}, {% endif %}{% endfor %}

from {{ stage | quote }};

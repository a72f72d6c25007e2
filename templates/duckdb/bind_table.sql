-- publish
create or replace table {{ relation }} ({% for column in columns %}{{ column.name | quote }} {{ column.data_type }}{% if not loop.last %}, {% endif %}{% endfor %});

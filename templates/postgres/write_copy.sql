-- query
copy {% if in_schema %}{{ schema | quote }}.{% endif %}{{ stage | quote }} ({% for column in columns %}{{ column.name | quote }}{% if not loop.last %}, {% endif %}{% endfor %}) from stdin (format binary);

Never carried out: to parse it is to lock what it reads.
-- query
select * from {% if query is none %}{{ schema | quote }}.{{ name | quote }}{% else %}(
{{ query }}
){% endif %} as source;

-- stage when: the rows stay
create or replace temporary table {{ batch }} as
{{ query }};

-- publish when: the rows stay
merge into {{ relation }} as DBT_INTERNAL_DEST
using (select {{ columns or "*" }} from {{ batch }}) as DBT_INTERNAL_SOURCE
on {% for column in key %}{{ "and " if not loop.first }}DBT_INTERNAL_DEST.{{ column | quote }} = DBT_INTERNAL_SOURCE.{{ column | quote }}{{ "\n  " if not loop.last }}{% endfor %}
{% for predicate in predicates %}

  and ({{ predicate }})
{%- endfor %}

{% if update is not none %}
{% if update %}
when matched{% for condition in update_conditions %} and ({{ condition }}){% endfor %} then update set {% for column in update %}{{ column | quote }} = DBT_INTERNAL_SOURCE.{{ column | quote }}{{ ", " if not loop.last }}{% endfor %}

{% endif %}
{% else %}
when matched{% for condition in update_conditions %} and ({{ condition }}){% endfor %} then update by name
{% endif %}
when not matched{% for condition in insert_conditions %} and ({{ condition }}){% endfor %} then insert by name;
drop table {{ batch }};

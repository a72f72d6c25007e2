The rows of several files, those of one folder beside each other and in the order in which they came.

-- stage
create or replace temporary table {{ stage }} as
{% if partition_by -%}
select * from (
select *, row_number() over () as {{ position | quote }} from (
{{ rows }}
) as export
) as numbered
order by {% for column in partition_by %}{{ column | quote }}, {% endfor %}{{ position | quote }}
{%- else -%}
{{ rows }}
{%- endif %};

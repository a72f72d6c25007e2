Rows that were put aside while reading.

-- publish
{% if rejected %}
insert into {{ state.rejects }} (run_id, relation, source, file, line, column_name, reason, "text", rejected_at)
values
{% for row in rejected %}
  ({{ run_id | literal }}, {{ name | literal }}, {{ node | literal }}, {{ row.file | literal }}, {{ row.line }}, {{ row.column | literal if row.column else "null" }}, {{ row.reason | literal }}, {{ row.text | literal }}, cast({{ loaded_at | literal }} as timestamp with time zone)){{ "," if not loop.last }}
{% endfor %}
{%- endif %};

The first row of a file that an export would replace by one without rows.

-- query
select 1 from
{%- if format == "csv" %} read_csv(
  {{ file | literal }},
  header = {{ "true" if options.header else "false" }},
  delim = {{ options.delimiter | literal }},
  quote = {{ options.quote | literal }},
  escape = {{ options.quote | literal }},
  compression = {{ options.compression | literal }},
  all_varchar = true
)
{%- elif format == "json" %} read_ndjson_objects({{ file | literal }}, compression = {{ options.compression | literal }})
{%- else %} read_parquet({{ file | literal }})
{%- endif %}
limit 1;

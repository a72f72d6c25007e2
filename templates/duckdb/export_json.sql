Rows into one file, an object a line.

-- stage
copy (
{{ rows }}
) to {{ file | literal }} (
  format json,
{%- if options.date_format %}

  dateformat {{ options.date_format | literal }},
{%- endif %}
{%- if options.timestamp_format %}

  timestampformat {{ options.timestamp_format | literal }},
{%- endif %}

  compression {{ options.compression | literal }},
  use_tmp_file false
);

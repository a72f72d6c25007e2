Rows into one file. Empty text is in quotes and NULL is not, so that both come back.

-- stage
copy (
{{ rows }}
) to {{ file | literal }} (
  format csv,
  header {{ "true" if options.header else "false" }},
  delimiter {{ options.delimiter | literal }},
  quote {{ options.quote | literal }},
  escape {{ options.quote | literal }},
  nullstr {{ options.null | literal }},
{%- if options.date_format %}

  dateformat {{ options.date_format | literal }},
{%- endif %}
{%- if options.timestamp_format %}

  timestampformat {{ options.timestamp_format | literal }},
{%- endif %}

  compression {{ options.compression | literal }},
  use_tmp_file false
);

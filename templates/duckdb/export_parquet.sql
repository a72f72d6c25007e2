Rows into one file, by columns.

-- stage
copy (
{{ rows }}
) to {{ file | literal }} (
  format parquet,
{%- if options.row_group_size %}

  row_group_size {{ options.row_group_size }},
{%- endif %}

  compression {{ options.compression | literal }},
  use_tmp_file false
);

copy (
{{query}}
) to '/dev/null' (format csv, use_tmp_file false)

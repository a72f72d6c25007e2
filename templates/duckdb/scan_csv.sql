{%- from "csv_read.sql" import rows -%}
{{ rows(parts) }}

-- query
{{ query }};

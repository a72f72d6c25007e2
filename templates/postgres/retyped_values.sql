How many values of a column another type would not hold exactly. One that it does not hold at all is
the server's own error.

-- query
select count(*) from {{ relation }}
where {{ column | quote }}::{{ data_type | type }}::{{ before | type }} is distinct from {{ column | quote }};

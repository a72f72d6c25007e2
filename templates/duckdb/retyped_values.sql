How many values of a column another type would not hold exactly.

-- query
select count(*) from {{ relation }}
where try_cast(try_cast({{ column | quote }} as {{ data_type }}) as {{ before }}) is distinct from {{ column | quote }};

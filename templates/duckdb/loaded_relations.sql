-- query
select relation from {{ relation }};

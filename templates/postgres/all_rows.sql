-- query
select * from {{ relation }};

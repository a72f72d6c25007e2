How many rows the stage has after some were taken out.

-- query
select count(*) from {{ relation }};

-- query
select * from {{ path | literal }};

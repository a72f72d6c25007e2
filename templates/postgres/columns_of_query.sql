-- query
select * from (
{{ query }}
) as q limit 0;

-- query
select * from (
{{ query }}
) as source;

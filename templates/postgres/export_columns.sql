The columns of the rows that leave, and none of the rows.

-- query
select * from (
{{ query }}
) as export limit 0;

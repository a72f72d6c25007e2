-- query
select cast(null as {{ data_type }});

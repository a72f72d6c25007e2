-- query
select try_cast({{ text | literal }} as {{ data_type }}) is not null;

-- query
select 1 from {{ relation }} limit 1;

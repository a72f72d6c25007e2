-- query
select from {{ schema | quote }}.{{ name | quote }} limit 1;

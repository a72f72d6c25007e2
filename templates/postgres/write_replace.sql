Not TRUNCATE: who reads in an older snapshot would see nothing.
-- query
delete from {{ schema | quote }}.{{ name | quote }};

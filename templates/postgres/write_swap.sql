-- query
drop table {{ schema | quote }}.{{ name | quote }};
alter table {{ schema | quote }}.{{ stage | quote }} rename to {{ name | quote }};

-- query
alter table {{ schema | quote }}.{{ stage | quote }} rename to {{ name | quote }};

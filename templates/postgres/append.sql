-- stage when: the rows stay
drop table if exists pg_temp.{{ batch }};
create temporary table {{ batch }} as
{{ query }};

-- publish when: the rows stay
insert into {{ relation }} ({{ columns or '…' }})
select {{ columns or '…' }} from {{ batch }};
drop table {{ batch }};

-- stage when: the rows stay
create or replace temporary table {{ batch }} as
{{ query }};

-- publish when: the rows stay
insert into {{ relation }}{{ columns_in_parentheses }}
select {{ columns }} from {{ batch }};
drop table {{ batch }};

-- stage when: the rows stay
create or replace temporary table {{ batch }} as
{{ query }};

-- publish when: the rows stay
insert into {{ relation }}{{ " (" ~ columns ~ ")" if columns else " by name" }}
select {{ columns or "*" }} from {{ batch }};
drop table {{ batch }};

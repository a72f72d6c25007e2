-- stage
create or replace temporary table {{ batch }} as
{{ query }};

-- clear
drop table {{ batch }};

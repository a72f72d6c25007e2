-- stage
drop table if exists {{ batch }};
create temporary table {{ batch }} as
{{ query }};

-- clear
drop table {{ batch }};

-- publish
drop table if exists {{ relation }};

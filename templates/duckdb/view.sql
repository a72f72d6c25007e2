-- publish when: a table stands
drop table {{ relation }};

-- publish
create or replace view {{ relation }} as
{{ query }};

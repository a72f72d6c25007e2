-- publish when: a view stands
drop view {{ relation }};

-- publish
create or replace table {{ relation }} as
{{ query }};

What an incremental model does when there are no rows to keep.

-- publish when: a view stands
drop view {{ relation }};

-- publish when: the relation is made anew
create or replace table {{ relation }} as
{{ query }};

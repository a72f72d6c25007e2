A table that is made anew, and looked at before it takes its place.

-- stage when: the relation is made anew
create or replace table {{ stage }} as
{{ query }};

-- publish when: a view stands
drop view {{ relation }};

-- publish when: the relation is made anew
drop table if exists {{ relation }};
alter table {{ stage }} rename to {{ identifier }};

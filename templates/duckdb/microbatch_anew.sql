The first interval of a table that is made anew: rows of other times are left out, as later intervals
leave them out, also where no input could be narrowed.

-- stage when: the relation is made anew
create or replace temporary table {{ batch }} as
{{ query }};

-- publish when: a view stands
drop view {{ relation }};

-- publish when: the relation is made anew
create or replace table {{ relation }} as
select * from {{ batch }}
where {{ event_time }} >= {{ start | literal }}
  and {{ event_time }} < {{ end | literal }};
drop table {{ batch }};

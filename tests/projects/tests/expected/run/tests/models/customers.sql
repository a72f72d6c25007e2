-- publish when: a table stands
drop table "tests"."main"."customers";

-- publish
create or replace view "tests"."main"."customers" as
select 1 as id;

-- publish when: a table stands
drop table "tests"."main"."orders";

-- publish
create or replace view "tests"."main"."orders" as
select 1 as id, 1 as customer, 'open' as status;

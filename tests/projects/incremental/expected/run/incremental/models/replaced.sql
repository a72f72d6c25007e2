-- The columns that batch and table both have are known when the batch is bound: they then stand in
-- place of `by name` and `*`, and this file is written again before it is executed.

-- publish when: a view stands
drop view "incremental"."main"."replaced";

-- publish when: the relation is made anew
create or replace table "incremental"."main"."replaced" as

select * from "incremental"."main"."batch";

-- stage when: the rows stay
create or replace temporary table "__sqlflow_batch__replaced" as

select * from "incremental"."main"."batch"

where day >= (select max(day) from "incremental"."main"."replaced");

-- publish when: the rows stay
delete from "incremental"."main"."replaced" as DBT_INTERNAL_DEST
where exists (
  select 1
  from "__sqlflow_batch__replaced" as DBT_INTERNAL_SOURCE
  where DBT_INTERNAL_DEST."id" = DBT_INTERNAL_SOURCE."id"
    and DBT_INTERNAL_DEST."day" = DBT_INTERNAL_SOURCE."day"
)
  and (DBT_INTERNAL_DEST.day >= current_date - 7);
insert into "incremental"."main"."replaced" by name
select * from "__sqlflow_batch__replaced";
drop table "__sqlflow_batch__replaced";

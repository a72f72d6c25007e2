-- The columns that batch and table both have are known when the batch is bound: they then stand in
-- place of `by name` and `*`, and this file is written again before it is executed.

-- publish when: a view stands
drop view "incremental"."main"."appended";

-- publish when: the relation is made anew
create or replace table "incremental"."main"."appended" as
select * from "incremental"."main"."batch";

-- stage when: the rows stay
create or replace temporary table "__sqlflow_batch__appended" as
select * from "incremental"."main"."batch";

-- publish when: the rows stay
insert into "incremental"."main"."appended" by name
select * from "__sqlflow_batch__appended";
drop table "__sqlflow_batch__appended";

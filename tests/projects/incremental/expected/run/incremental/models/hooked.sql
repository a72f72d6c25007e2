-- The columns that batch and table both have are known when the batch is bound: they then stand in
-- place of `by name` and `*`, and this file is written again before it is executed.

-- stage
create schema if not exists audit;

-- publish when: a view stands
drop view "incremental"."main"."hooked";

-- publish when: the relation is made anew
create or replace table "incremental"."main"."hooked" as

select * from "incremental"."main_marts"."merged";

-- stage when: the rows stay
create or replace temporary table "__sqlflow_batch__hooked" as

select * from "incremental"."main_marts"."merged";

-- publish when: the rows stay
insert into "incremental"."main"."hooked" by name
select * from "__sqlflow_batch__hooked";
drop table "__sqlflow_batch__hooked";

-- publish
comment on table "incremental"."main"."hooked" is 'kept';
analyze;

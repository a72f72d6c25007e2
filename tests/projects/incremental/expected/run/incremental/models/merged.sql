-- The columns that batch and table both have are known when the batch is bound: they then stand in
-- place of `by name` and `*`, and this file is written again before it is executed.

-- publish when: a view stands
drop view "incremental"."main_marts"."merged";

-- publish when: the relation is made anew
create or replace table "incremental"."main_marts"."merged" as

select * from "incremental"."main"."replaced";

-- stage when: the rows stay
create or replace temporary table "__sqlflow_batch__merged" as

select * from "incremental"."main"."replaced";

-- publish when: the rows stay
merge into "incremental"."main_marts"."merged" as DBT_INTERNAL_DEST
using (select * from "__sqlflow_batch__merged") as DBT_INTERNAL_SOURCE
on DBT_INTERNAL_DEST."id" = DBT_INTERNAL_SOURCE."id"
when matched then update set "word" = DBT_INTERNAL_SOURCE."word"
when not matched then insert by name;
drop table "__sqlflow_batch__merged";

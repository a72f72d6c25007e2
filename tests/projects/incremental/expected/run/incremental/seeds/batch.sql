-- The columns and types of the seed are known when its files are read: the query below then names them,
-- and this file is written again before it is executed.

-- publish when: a view stands
drop view "incremental"."main"."batch";

-- publish
create or replace table "incremental"."main"."batch" as
select * from 'seeds/batch.csv';

-- The columns and types of the source are known when its files are read: the query below then names them,
-- and this file is written again before it is executed.

-- stage
create or replace table "ephemeral"."raw"."__sqlflow_stage__orders" as
select * from 'data/orders.csv';

-- check
select
  count(*) as rows_read
from "ephemeral"."raw"."__sqlflow_stage__orders";

-- publish when: the relation is made anew
drop table if exists "ephemeral"."raw"."orders";
alter table "ephemeral"."raw"."__sqlflow_stage__orders" rename to "orders";

-- publish
delete from "ephemeral"."_sqlflow"."loads" where relation = '"ephemeral"."raw"."orders"';
insert into "ephemeral"."_sqlflow"."loads" by name
select
  '"ephemeral"."raw"."orders"' as relation,
  'source.ephemeral.raw.orders' as node,
  '…' as run_id,
  cast('…' as timestamp with time zone) as loaded_at,
  0 as row_count,
  '[]' as files,
  'replace' as definition,
  null as cursor_value,
  '' as "schema",
  null as mark;
delete from "ephemeral"."_sqlflow"."files" where relation = '"ephemeral"."raw"."orders"';

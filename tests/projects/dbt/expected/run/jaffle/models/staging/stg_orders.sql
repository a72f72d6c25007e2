-- publish when: a table stands
drop table "dbt"."staging"."stg_orders";

-- publish
create or replace view "dbt"."staging"."stg_orders" as
select
    id,
    
(price * 100)::bigint
 as price_cents
from "dbt"."raw"."Orders"
where region = 'de';

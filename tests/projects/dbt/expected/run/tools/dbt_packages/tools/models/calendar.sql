-- publish when: a table stands
drop table "dbt"."main"."calendar";

-- publish
create or replace view "dbt"."main"."calendar" as
select date_trunc('month', day) as month
from (values (date '2013-01-01')) as days(day);

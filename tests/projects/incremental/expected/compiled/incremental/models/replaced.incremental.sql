
select * from "incremental"."main"."batch"

where day >= (select max(day) from "incremental"."main"."replaced")

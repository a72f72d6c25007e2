
select * from "incremental"."main"."batch"


select * from "incremental"."main"."replaced"
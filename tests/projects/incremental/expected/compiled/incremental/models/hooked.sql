
select * from "incremental"."main_marts"."merged"
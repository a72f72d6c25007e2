select
    count(*) filter (strftime(day, '%m') = '01') as month_01,
    count(*) filter (strftime(day, '%m') = '02') as month_02
    
from "dbt"."staging"."stg_orders"
where day < date_trunc('month', current_date)
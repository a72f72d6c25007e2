select
    id,
    
(price * 100)::bigint
 as price_cents
from "dbt"."raw"."Orders"
where region = 'de'
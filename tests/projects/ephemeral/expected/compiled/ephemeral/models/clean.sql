
-- only what was paid for
select *
from "ephemeral"."raw"."orders"
where paid
-- stage
drop table if exists {{ relation }};
create table {{ relation }} as
{{ stored }};

-- query
select
  {{ fail_calc }} as failures,
  {{ fail_calc }} {{ warn_if }} as should_warn,
  {{ fail_calc }} {{ error_if }} as should_error
from (
select * from {{ relation }}
{{ limit }}
) dbt_internal_test;

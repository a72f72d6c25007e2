{{ config(materialized='table') }}
select
  day,
  {{ dbt.bool_or('amount > 15') }} as any_large,
  {{ dbt.listagg('customer', "'; '", "order by customer, id") }} as customers,
  {{ dbt.listagg('customer', "', '", "order by customer desc, id", 2) }} as two,
  {{ dbt.any_value('day') }} as a_day
from {{ ref('v_events') }}
group by day
{{ dbt.except() }}
select 17, true, 'x', 'y', 1

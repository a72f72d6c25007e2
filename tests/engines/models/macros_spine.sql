{{ config(materialized='table') }}
select date_day, (select count(*) from ({{ dbt.generate_series(5) }}) as counted) as five
from ({{ dbt.date_spine('day', "cast('2024-01-01' as date)", "cast('2024-01-05' as date)") }}) as spine

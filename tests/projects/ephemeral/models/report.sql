{{ config(materialized='table', alias='daily report') }}
select by_day.*, clean.id
from {{ ref('by_day') }} as by_day
join {{ ref('clean') }} as clean using (day)

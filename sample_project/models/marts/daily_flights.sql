{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['flight_date', 'origin'],
) }}

select
    flight_date,
    origin,
    {{ delay_measures() }},
    max(departure_delay_minutes) as longest_departure_delay_minutes
from {{ ref('stg_flights') }}
{% if is_incremental() %}
-- Whole days only, and a few again: late arrivals and cancellations are corrected for some days.
where flight_date >= (
    select coalesce(max(flight_date) - {{ var('lookback_days') }}, date '1900-01-01')
    from {{ this }}
)
{% endif %}
group by 1, 2

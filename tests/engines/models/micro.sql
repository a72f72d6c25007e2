{{ config(materialized="incremental", incremental_strategy="microbatch", event_time="happened", begin="2024-01-01", batch_size="day", lookback=1) }}
select * from {{ ref('timed') }}

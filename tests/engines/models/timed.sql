{{ config(event_time='happened') }}
select * from {{ ref('events') }}

{{ config(materialized='ephemeral') }}
select * from {{ ref('v_events') }} where day = {{ var('day') }}

{{ config(incremental_strategy='merge', unique_key='id', merge_update_columns=['word'], schema='marts') }}
select * from {{ ref('replaced') }}

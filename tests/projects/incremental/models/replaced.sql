{{ config(unique_key=['id', 'day'], incremental_predicates=["DBT_INTERNAL_DEST.day >= current_date - 7"]) }}
select * from {{ ref('batch') }}
{% if is_incremental() %}
where day >= (select max(day) from {{ this }})
{% endif %}

{% snapshot kept_by_time %}
{{ config(unique_key='id', strategy='timestamp', updated_at='happened', target_schema='twins') }}
select id, customer, amount, happened from {{ ref('inc_merge') }}
{% endsnapshot %}
{% snapshot kept_by_check %}
{{ config(unique_key='id', strategy='check', check_cols=['amount', 'note'], target_schema='twins') }}
select id, customer, amount, note from {{ ref('inc_merge') }}
{% endsnapshot %}
{% snapshot kept_all %}
{{ config(unique_key=['id', 'customer'], strategy='check', check_cols='all', hard_deletes='invalidate', target_schema='twins') }}
select id, customer, amount from {{ ref('latest') }} where note is not null
{% endsnapshot %}
{% snapshot kept_deleted %}
{{ config(unique_key='id', strategy='timestamp', updated_at='happened', hard_deletes='new_record', target_schema='twins') }}
select id, max(customer) as customer, max(happened) as happened from {{ ref('latest') }} group by id
{% endsnapshot %}

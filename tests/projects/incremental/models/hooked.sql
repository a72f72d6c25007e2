{{ config(
    pre_hook="create schema if not exists audit",
    post_hook=["comment on table {{ this }} is 'kept'", "analyze"]
) }}
select * from {{ ref('merged') }}

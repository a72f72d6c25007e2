{%- set months = ['01', '02'] -%}
select
    {% for month in months -%}
    count(*) filter (strftime(day, '%m') = '{{ month }}') as month_{{ month }}{{ ',' if not loop.last }}
    {% endfor %}
from {{ ref('stg_orders') }}
where day < {{ dbt.date_trunc('month', 'current_date') }}

select * from {{ ref('t_customers') }} where number > 0

select {{ dbt.date_trunc('month', 'day') }} as month
from (values (date '2013-01-01')) as days(day)

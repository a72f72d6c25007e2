select * from {{ ref('batch') }}

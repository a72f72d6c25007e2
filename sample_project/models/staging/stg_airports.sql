select
    faa as airport,
    name as airport_name,
    -- Some coordinates carry 17 digits, which would make the column a decimal.
    cast(lat as double precision) as latitude,
    cast(lon as double precision) as longitude,
    alt as altitude_feet,
    tzone as time_zone
from {{ source('raw', 'airports') }}

select
    tailnum,
    year as year_built,
    type as aircraft_type,
    manufacturer,
    model,
    engines,
    seats,
    engine as engine_type
from {{ source('raw', 'planes') }}

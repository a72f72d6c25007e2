{#- The first value that a cast from its own type would refuse or change; text has to come back as
    it was, so `007` is no number and `1.50` no decimal(2,1). -#}
with cells as (
{{ cells }}
)

select cast({{ name | quote }} as varchar)
from cells
where {{ name | quote }} is not null
  and try_cast(try_cast({{ name | quote }} as {{ to }}) as {{ from }}) is distinct from {{ name | quote }}
limit 1

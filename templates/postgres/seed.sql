The rows of the seed are copied into the stage, which is made by the same transaction: see `load_stage`.

-- stage
drop table if exists {{ stage }};
create {{ "unlogged " if options.unlogged }}table {{ stage }} (
{%- for column in columns %}

  {{ column.name | quote }} {{ column.type | type }}{{ "," if not loop.last }}
{%- endfor %}

){% if options.fillfactor %} with (fillfactor = {{ options.fillfactor }}){% endif %}; copy {{ stage }} ({% for column in columns %}{{ column.name | quote }}{{ ", " if not loop.last }}{% endfor %}) from stdin (format binary, freeze);

-- publish
{% include "swap/0/0" %};
{% include "indexes/0/0" %};

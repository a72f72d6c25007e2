The rows of the source, as they come: read by a DuckDB of our own, or by the connection, and copied.
The stage stands in the schema of the target, so that it can become the target by a rename. It is made
by the transaction that fills it, so that its rows can be frozen: a reader whose snapshot is older than
they are would find the table empty otherwise, once they stand in it.

-- stage
drop table if exists {{ stage }};
create {{ "unlogged " if options.unlogged }}table {{ stage }} (
{%- for column in staged %}

  {{ column.name | quote }} {{ column.type | type }}{{ "," if not loop.last or soft }}
{%- endfor %}
{%- if soft %}

  {{ soft | quote }} timestamp with time zone
{%- endif %}

){% if options.fillfactor %} with (fillfactor = {{ options.fillfactor }}){% endif %}; copy {{ stage }} ({% for column in staged %}{{ column.name | quote }}{{ ", " if not loop.last }}{% endfor %}) from stdin (format binary, freeze);

The indexes that the configuration asks for, under names made of what they are.

-- publish
{% if options.indexes %}
do $sqlflow$
begin
{% for index in options.indexes %}
{% set columns %}{% for column in index.columns %}{{ column | quote }}{{ ", " if not loop.last }}{% endfor %}{% endset %}
{% set method = index.method %}
{% set unique = "unique " if index.unique else "" %}
  execute {{ ("create " ~ unique ~ "index if not exists ") | literal }} || quote_ident('sqlflow_' || md5({{ (relation ~ " " ~ unique ~ method ~ " " ~ columns) | literal }})) || {{ (" on " ~ relation ~ " using " ~ method ~ " (" ~ columns ~ ")") | literal }};
{% endfor %}
end
$sqlflow$
{% endif %};

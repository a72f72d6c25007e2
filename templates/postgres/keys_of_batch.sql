Five keys of the batch that several rows share, or that hold NULL.

-- query
select
{% for column in key %}
  cast({{ column | quote }} as text){{ "," if not loop.last }}
{% endfor %}
from {{ batch }}
group by {% for column in key %}{{ column | quote }}{{ ", " if not loop.last }}{% endfor %}

having {% if with_null %}{% for column in key %}{{ column | quote }} is null{{ " or " if not loop.last }}{% endfor %}{% else %}count(*) > 1{% for column in key %} and {{ column | quote }} is not null{% endfor %}{% endif %}

order by {% for column in key %}{{ loop.index }}{{ ", " if not loop.last }}{% endfor %}

limit 5;

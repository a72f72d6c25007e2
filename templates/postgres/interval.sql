The rows of an interval of time, in place of a relation. A query in brackets would need an alias
before version 16, and could not have the user's; a join needs none, and its parts keep their names.

-- query
({{ relation }} join (select) as {{ alias | quote }} on {{ event_time }} >= {{ start | literal }} and {{ event_time }} < {{ end | literal }});

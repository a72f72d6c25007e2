The rows of an interval of time, in place of a relation.

-- query
(select * from {{ relation }} where {{ event_time }} >= {{ start | literal }} and {{ event_time }} < {{ end | literal }});

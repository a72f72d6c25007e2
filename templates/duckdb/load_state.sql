What is recorded of a relation.

-- query
select definition, cursor_value, "schema"
from {{ state.loads }}
where relation = {{ name | literal }};

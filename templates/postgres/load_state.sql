What is recorded of a relation.

-- query
select definition, cursor_value, "schema", mark
from {{ state.loads }}
where relation = {{ name | literal }};

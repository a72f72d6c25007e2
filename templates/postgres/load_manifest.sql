The files that were loaded into a relation.

-- query
select uri, etag, size
from {{ state.files }}
where relation = {{ name | literal }};

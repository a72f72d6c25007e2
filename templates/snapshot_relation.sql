select * from {{ RELATION }}

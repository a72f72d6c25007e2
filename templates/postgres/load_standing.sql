What stands on a table goes over to the next with it: see `swap`.

-- query
select null::text as kind, null::text as name, null::text as "text" where false;

The number of the transaction, by which its end is asked for where a commit is not answered.
-- query
select txid_current();

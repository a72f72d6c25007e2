-- query
show server_encoding;

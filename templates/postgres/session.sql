What a session is pinned to, whatever the server, the database or the role say. A session of ours may be
idle for long, since it has locks; and a statement whose client is gone is of no use to anybody.
-- query
set session time zone 'UTC';
set datestyle = 'ISO, YMD';
set intervalstyle = 'postgres';
set extra_float_digits = 1;
set standard_conforming_strings = on;
set bytea_output = 'hex';
set xmloption = 'content';
set session characteristics as transaction isolation level read committed;
select set_config('idle_session_timeout', '0', false)
where current_setting('server_version_num')::integer >= 140000;
select set_config('client_connection_check_interval', '5s', false)
where current_setting('server_version_num')::integer >= 140000 and version() like '%linux%';
{% if statement_timeout is not none %}set statement_timeout = {{ statement_timeout | literal }}{% endif %};
{% if search_path is not none %}select set_config('search_path', {{ search_path | literal }}, false){% endif %};
{% if read_only %}set default_transaction_read_only = on{% endif %};
{% if role is not none %}set role {{ role | quote }}{% endif %};

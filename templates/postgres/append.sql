-- stage when: the rows stay
drop table if exists pg_temp.{{ batch }};
create temporary table {{ batch }} as
{{ query }};

-- publish when: the rows stay
{% include "whole/0/0" %};
insert into {{ relation }} ({{ columns or '…' }})
select {{ columns or '…' }} from {{ batch }};
drop table {{ batch }};

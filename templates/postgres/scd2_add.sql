-- publish when: the rows stay
alter table {{ relation }} add column {{ column | quote }} {{ data_type | type }};

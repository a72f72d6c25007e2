-- publish when: the rows stay
alter table {{ relation }} alter column {{ column | quote }} type {{ data_type | type }};

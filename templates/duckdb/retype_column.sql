-- publish when: the rows stay
alter table {{ relation }} alter column {{ column | quote }} set data type {{ data_type }};

-- publish when: the rows stay
alter table {{ relation }} alter column {{ column | quote }} drop not null;

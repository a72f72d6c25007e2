-- publish when: the rows stay
alter table {{ relation }} drop column {{ column | quote }};

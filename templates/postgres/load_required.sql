-- publish
alter table {{ relation }} alter column {{ column | quote }} set not null;

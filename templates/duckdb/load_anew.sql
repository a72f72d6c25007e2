The stage becomes the table, with what stood on the one before.

-- publish when: the relation is made anew
drop table if exists {{ relation }};
alter table {{ stage }} rename to {{ identifier }};

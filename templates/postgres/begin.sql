The lock comes before the first statement that takes a snapshot: a TRUNCATE in between would be
read as an empty table.
-- query
begin transaction isolation level {{ isolation }} read only;
{% if snapshot is not none %}set transaction snapshot {{ snapshot | literal }}{% endif %};
{% if lock is not none %}lock table {{ lock.schema | quote }}.{{ lock.name | quote }} in access share mode{% endif %};

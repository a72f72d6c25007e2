Who writes to the relation sees all of its rows, and what is written to it is written: else rows would be
taken for new that are there, or lost without a word.

-- publish
do $sqlflow$
declare
  target regclass := {{ relation | literal }}::regclass;
  other text;
begin
  if row_security_active(target) then
    raise exception 'row security hides rows of % from role %, which is to write to it', target, current_user
      using errcode = 'insufficient_privilege',
        hint = format('alter role %I bypassrls, or: alter table %s no force row level security', current_user, target);
  end if;
  select format('rule %I', rulename) into other
  from pg_rewrite where ev_class = target and is_instead and ev_enabled <> 'D' limit 1;
  if other is not null then
    raise exception '% of % does something else instead of writing its rows', other, target
      using errcode = 'object_not_in_prerequisite_state', hint = 'drop it, and make it again afterwards';
  end if;
end
$sqlflow$;

-- The roles of a lending library. "door" is the login role: it may become the others but has no rights of its own.
do $$
declare
  name text;
begin
  foreach name in array array['visitor', 'member', 'librarian', 'auditor', 'hurried', 'serious'] loop
    begin
      execute format('create role %I nologin', name);
    exception when duplicate_object then null;
    end;
  end loop;
  begin
    create role door login noinherit;
  exception when duplicate_object then null;
  end;
end $$;

grant visitor, member, librarian, auditor, hurried, serious to door;
alter role hurried set statement_timeout = '150ms';
alter role serious set default_transaction_isolation = 'serializable';
-- What the tests see must not depend on where they run.
alter role door set timezone = 'UTC';

-- A row of app.note names in role the role that it is for. It is there for that role and for those above: the roles that are
-- members of it and inherit from it. Grant the lower role to the higher: grant staff to manager.

-- The policy asks for this column in every query.
create index if not exists note_role_policy_idx on app.note (role);

alter table app.note enable row level security;
-- array(…) is worked out once a query: the roles whose rights the caller has.
create policy note_role on app.note to pattern_staff
  using (role = any (array(select r.rolname::text from pg_catalog.pg_roles r where pg_catalog.pg_has_role(r.oid, 'usage'))))
  with check (role = any (array(select r.rolname::text from pg_catalog.pg_roles r where pg_catalog.pg_has_role(r.oid, 'usage'))));

-- A policy chooses rows, a grant allows actions.
grant usage on schema app to pattern_staff;
grant select, insert, update, delete on app.note to pattern_staff;

notify pgrst, 'reload schema';

---- create above / drop below ----

revoke select, insert, update, delete on app.note from pattern_staff;
drop policy note_role on app.note;
drop index if exists app.note_role_policy_idx;

-- Row-level security stays on: without it whoever has a grant would see every row.
notify pgrst, 'reload schema';

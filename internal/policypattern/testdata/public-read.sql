-- Everybody reads app.note; a row is changed only by its owner: owner is the claim sub of the caller's token.

-- The policy asks for this column in every query.
create index if not exists note_owner_policy_idx on app.note (owner);

alter table app.note enable row level security;
create policy note_read on app.note for select to pattern_anon, pattern_web
  using (true);
create policy note_insert_own on app.note for insert to pattern_web
  with check (owner = (select nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub'));
create policy note_update_own on app.note for update to pattern_web
  using (owner = (select nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub'))
  with check (owner = (select nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub'));
create policy note_delete_own on app.note for delete to pattern_web
  using (owner = (select nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub'));

-- A policy chooses rows, a grant allows actions.
grant usage on schema app to pattern_anon, pattern_web;
grant select on app.note to pattern_anon, pattern_web;
grant insert, update, delete on app.note to pattern_web;

notify pgrst, 'reload schema';

---- create above / drop below ----

revoke select on app.note from pattern_anon, pattern_web;
revoke insert, update, delete on app.note from pattern_web;
drop policy note_delete_own on app.note;
drop policy note_update_own on app.note;
drop policy note_insert_own on app.note;
drop policy note_read on app.note;
drop index if exists app.note_owner_policy_idx;

-- Row-level security stays on: without it whoever has a grant would see every row.
notify pgrst, 'reload schema';

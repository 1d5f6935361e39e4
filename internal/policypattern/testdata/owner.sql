-- A row of app.note is there only for its owner: owner is the claim sub of the caller's token. Nobody can give a row away.

-- The policy asks for this column in every query.
create index if not exists note_owner_policy_idx on app.note (owner);

alter table app.note enable row level security;
create policy note_owner on app.note to pattern_web
  using (owner = (select nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub'))
  with check (owner = (select nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub'));

-- A policy chooses rows, a grant allows actions.
grant usage on schema app to pattern_web;
grant select, insert, update, delete on app.note to pattern_web;

notify pgrst, 'reload schema';

---- create above / drop below ----

revoke select, insert, update, delete on app.note from pattern_web;
drop policy note_owner on app.note;
drop index if exists app.note_owner_policy_idx;

-- Row-level security stays on: without it whoever has a grant would see every row.
notify pgrst, 'reload schema';

-- A row of app.note is there for everybody of its tenant: tenant is the claim tenant of the caller's token. No row moves to another tenant.

-- The policy asks for this column in every query.
create index if not exists note_tenant_policy_idx on app.note (tenant);

alter table app.note enable row level security;
create policy note_tenant on app.note to pattern_web
  using (tenant = (select (nullif(current_setting('request.jwt.claims', true), '')::json ->> 'tenant')::integer))
  with check (tenant = (select (nullif(current_setting('request.jwt.claims', true), '')::json ->> 'tenant')::integer));

-- A policy chooses rows, a grant allows actions.
grant usage on schema app to pattern_web;
grant select, insert, update, delete on app.note to pattern_web;

notify pgrst, 'reload schema';

---- create above / drop below ----

revoke select, insert, update, delete on app.note from pattern_web;
drop policy note_tenant on app.note;
drop index if exists app.note_tenant_policy_idx;

-- Row-level security stays on: without it whoever has a grant would see every row.
notify pgrst, 'reload schema';

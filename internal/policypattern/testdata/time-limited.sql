-- A row of app.note can be read by whom it was granted to, until the grant ends. app.share holds the grants: "user" is
-- the claim sub of the caller's token, note is the row's id, until the end. A grant that has ended needs no cleaning up.

-- The policy asks for this column in every query.
create index if not exists note_id_policy_idx on app.note (id);

create index if not exists share_user_policy_idx on app.share ("user", until, note);

-- Everybody knows their own rows of app.share: the policy below looks them up as the caller.
alter table app.share enable row level security;
create policy share_own on app.share for select to pattern_web
  using ("user" = (select nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub'));
grant usage on schema app to pattern_web;
grant select on app.share to pattern_web;

alter table app.note enable row level security;
create policy note_granted on app.note for select to pattern_web
  using (id in (
    select g.note from app.share g where g."user" = (select nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub') and g.until > now()
  ));

-- A policy chooses rows, a grant allows actions.
grant usage on schema app to pattern_web;
grant select on app.note to pattern_web;

notify pgrst, 'reload schema';

---- create above / drop below ----

revoke select on app.note from pattern_web;
drop policy note_granted on app.note;
revoke select on app.share from pattern_web;
drop policy share_own on app.share;

drop index if exists app.share_user_policy_idx;
drop index if exists app.note_id_policy_idx;

-- Row-level security stays on: without it whoever has a grant would see every row.
notify pgrst, 'reload schema';

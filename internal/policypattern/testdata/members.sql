-- A row of app.note is there for the members of its group. app.member says who is a member: "user" is
-- the claim sub of the caller's token.

-- The policy asks for this column in every query.
create index if not exists note_team_policy_idx on app.note (team);

create index if not exists member_user_policy_idx on app.member ("user", team);

-- Everybody knows their own rows of app.member: the policy below looks them up as the caller.
alter table app.member enable row level security;
create policy member_own on app.member for select to pattern_web
  using ("user" = (select auth.claim('sub')));
grant usage on schema app to pattern_web;
grant select on app.member to pattern_web;

alter table app.note enable row level security;
create policy note_members on app.note to pattern_web
  using (team in (select m.team from app.member m where m."user" = (select auth.claim('sub'))))
  with check (team in (select m.team from app.member m where m."user" = (select auth.claim('sub'))));

-- A policy chooses rows, a grant allows actions.
grant usage on schema app to pattern_web;
grant select, insert, update, delete on app.note to pattern_web;

notify pgrst, 'reload schema';

---- create above / drop below ----

revoke select, insert, update, delete on app.note from pattern_web;
drop policy note_members on app.note;
revoke select on app.member from pattern_web;
drop policy member_own on app.member;

drop index if exists app.member_user_policy_idx;
drop index if exists app.note_team_policy_idx;

-- Row-level security stays on: without it whoever has a grant would see every row.
notify pgrst, 'reload schema';

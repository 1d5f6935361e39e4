grant usage on schema library, archive to visitor, member, librarian, auditor, hurried, serious;
grant usage on schema private to visitor, member, librarian, hurried, serious;

grant select on all tables in schema library, archive to visitor, member, librarian, hurried, serious;
grant insert, update, delete on all tables in schema library, archive to librarian, serious;
grant usage on all sequences in schema library to librarian, member;
grant insert, update, delete on library.notes to member;

-- a visitor reads no notes, and no PIN; a member writes books he may not read all of
revoke select on library.notes, library.cards from visitor;
grant select (member_id, number) on library.cards to visitor;
revoke select on library.rooms from visitor, member;
grant insert on library.rooms to member;
grant select (floor, door) on library.rooms to member;
grant insert on library.reservations to auditor;

alter table library.notes enable row level security;
create policy own on library.notes for all to member
  using (owner = (select current_setting('request.jwt.claims', true)::json ->> 'sub'))
  with check (owner = (select current_setting('request.jwt.claims', true)::json ->> 'sub'));
create policy all_notes on library.notes for all to librarian using (true);
revoke execute on function library.patient from public;
grant execute on function library.patient to librarian;

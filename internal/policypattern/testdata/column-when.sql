-- body, team of app.note may change only under a condition. A policy sees the row before or after a change, never both; a
-- trigger sees both. It holds for everybody, the owner of the table included.
create function app.note_body_team_when() returns trigger language plpgsql set search_path = '' as $$
begin
  raise exception using errcode = 'insufficient_privilege', message = 'body, team of note cannot change now';
end
$$;
revoke execute on function app.note_body_team_when() from public;

create trigger note_body_team_when before update on app.note for each row
  when ((old.body is distinct from new.body or old.team is distinct from new.team) and (
    old.status = 'draft'
  ) is not true)
  execute function app.note_body_team_when();

---- create above / drop below ----

drop trigger note_body_team_when on app.note;
drop function app.note_body_team_when();

-- owner of app.note cannot change after the row was inserted. A policy sees the row before or after a change, never
-- both; a trigger sees both. It holds for everybody, the owner of the table included.
create function app.note_owner_fixed() returns trigger language plpgsql set search_path = '' as $$
begin
  raise exception using errcode = 'insufficient_privilege', message = 'owner of note cannot change after the row was inserted';
end
$$;
revoke execute on function app.note_owner_fixed() from public;

create trigger note_owner_fixed before update on app.note for each row
  when (old.owner is distinct from new.owner)
  execute function app.note_owner_fixed();

---- create above / drop below ----

drop trigger note_owner_fixed on app.note;
drop function app.note_owner_fixed();

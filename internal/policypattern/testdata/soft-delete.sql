-- What is deleted from app.note stays, marked in deleted_at, and is there for nobody but the table's owner. Other policies
-- say who may see and delete a row in the first place; this one only takes away.

-- For whoever empties the bin: delete from app.note where deleted_at < …
create index if not exists note_deleted_at_policy_idx on app.note (deleted_at) where deleted_at is not null;

alter table app.note enable row level security;
create policy note_not_deleted on app.note as restrictive to pattern_web
  using (deleted_at is null)
  with check (deleted_at is null);

-- A DELETE becomes a mark. It takes the owner's rights: to the caller, a row that is marked is a row that may not be
-- written. What a foreign key deletes (ON DELETE CASCADE) is deleted, and so is what the owner deletes from the bin.
create function app.note_soft_delete() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  update app.note set deleted_at = pg_catalog.now() where id = old.id;
  return null;
end
$$;
revoke execute on function app.note_soft_delete() from public;
create trigger note_soft_delete before delete on app.note for each row
  when (old.deleted_at is null and pg_trigger_depth() = 0)
  execute function app.note_soft_delete();

notify pgrst, 'reload schema';

---- create above / drop below ----

-- Empty the bin first, or its rows come back:
-- delete from app.note where deleted_at is not null;
drop trigger note_soft_delete on app.note;
drop function app.note_soft_delete();
drop policy note_not_deleted on app.note;
drop index if exists app.note_deleted_at_policy_idx;

-- Row-level security stays on: without it whoever has a grant would see every row.
notify pgrst, 'reload schema';

{{define "condition"}}{{.Column}} is null{{end -}}
-- What is deleted from {{.Table}} stays, marked in {{.Column}}, and is there for nobody but the table's owner. Other policies
-- say who may see and delete a row in the first place; this one only takes away.

-- For whoever empties the bin: delete from {{.Table}} where {{.Column}} < …
create index if not exists {{.Index}} on {{.Table}} ({{.Column}}) where {{.Column}} is not null;

alter table {{.Table}} enable row level security;
create policy {{.Name "not_deleted"}} on {{.Table}} as restrictive to {{.Roles}}
  using ({{template "condition" .}})
  with check ({{template "condition" .}});

-- A DELETE becomes a mark. It takes the owner's rights: to the caller, a row that is marked is a row that may not be
-- written. What a foreign key deletes (ON DELETE CASCADE) is deleted, and so is what the owner deletes from the bin.
create function {{.Function "soft_delete"}}() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  update {{.Table}} set {{.Column}} = pg_catalog.now() where {{.KeyIsOld}};
  return null;
end
$$;
revoke execute on function {{.Function "soft_delete"}}() from public;
create trigger {{.Name "soft_delete"}} before delete on {{.Table}} for each row
  when (old.{{.Column}} is null and pg_trigger_depth() = 0)
  execute function {{.Function "soft_delete"}}();

notify pgrst, 'reload schema';

{{template "separator"}}
-- Empty the bin first, or its rows come back:
-- delete from {{.Table}} where {{.Column}} is not null;
drop trigger {{.Name "soft_delete"}} on {{.Table}};
drop function {{.Function "soft_delete"}}();
drop policy {{.Name "not_deleted"}} on {{.Table}};
{{template "dropIndex" .}}
{{template "staysOn"}}

{{define "condition"}}{{.Column}} = {{.Caller}}{{end -}}
-- Everybody reads {{.Table}}; a row is changed only by its owner: {{.Column}} is {{.CallerIs}}.
{{template "index" .}}
alter table {{.Table}} enable row level security;
create policy {{.Name "read"}} on {{.Table}} for select to {{.Readers}}
  using (true);
create policy {{.Name "insert_own"}} on {{.Table}} for insert to {{.Roles}}
  with check ({{template "condition" .}});
create policy {{.Name "update_own"}} on {{.Table}} for update to {{.Roles}}
  using ({{template "condition" .}})
  with check ({{template "condition" .}});
create policy {{.Name "delete_own"}} on {{.Table}} for delete to {{.Roles}}
  using ({{template "condition" .}});

-- A policy chooses rows, a grant allows actions.
grant usage on schema {{.Schema}} to {{.Readers}};
grant select on {{.Table}} to {{.Readers}};
grant insert, update, delete on {{.Table}} to {{.Roles}};
{{template "sequences" .}}
{{template "separator"}}
revoke insert, update, delete on {{.Table}} from {{.Roles}};
revoke select on {{.Table}} from {{.Readers}};
drop policy {{.Name "delete_own"}} on {{.Table}};
drop policy {{.Name "update_own"}} on {{.Table}};
drop policy {{.Name "insert_own"}} on {{.Table}};
drop policy {{.Name "read"}} on {{.Table}};
{{template "dropIndex" .}}
{{template "staysOn"}}

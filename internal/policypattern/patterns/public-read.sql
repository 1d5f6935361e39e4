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
{{range .KeptColumns}}-- {{.Roles}} has {{.Privileges}} on some columns, and keeps to them.
{{end}}grant usage on schema {{.Schema}} to {{.Readers}};
{{template "grant" .PublicReadGrants}}
notify pgrst, 'reload schema';

{{template "separator"}}
{{template "revoke" .PublicReadGrants}}drop policy {{.Name "delete_own"}} on {{.Table}};
drop policy {{.Name "update_own"}} on {{.Table}};
drop policy {{.Name "insert_own"}} on {{.Table}};
drop policy {{.Name "read"}} on {{.Table}};
{{template "dropIndex" .}}
{{template "staysOn"}}

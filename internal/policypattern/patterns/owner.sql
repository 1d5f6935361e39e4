{{define "condition"}}{{.Column}} = {{.Caller}}{{end -}}
-- A row of {{.Table}} is there only for its owner: {{.Column}} is {{.CallerIs}}. Nobody can give a row away.
{{template "index" .}}
alter table {{.Table}} enable row level security;
create policy {{.Name "owner"}} on {{.Table}} to {{.Roles}}
  using ({{template "condition" .}})
  with check ({{template "condition" .}});
{{template "grants" .}}
{{template "separator"}}
{{template "revokes" .}}drop policy {{.Name "owner"}} on {{.Table}};
{{template "dropIndex" .}}
{{template "staysOn"}}

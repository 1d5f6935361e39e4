{{define "condition"}}{{.Column}} = {{.Caller}}{{end -}}
-- A row of {{.Table}} is there for everybody of its tenant: {{.Column}} is {{.CallerIs}}. No row moves to another tenant.
{{template "index" .}}
alter table {{.Table}} enable row level security;
create policy {{.Name "tenant"}} on {{.Table}} to {{.Roles}}
  using ({{template "condition" .}})
  with check ({{template "condition" .}});
{{template "grants" .}}
{{template "separator"}}
{{template "revokes" .}}drop policy {{.Name "tenant"}} on {{.Table}};
{{template "dropIndex" .}}
{{template "staysOn"}}

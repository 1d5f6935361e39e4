{{define "condition"}}{{.Column}} in (select m.{{.ViaColumn}} from {{.Via}} m where m.{{.ViaUser}} = {{.Caller}}){{end -}}
-- A row of {{.Table}} is there for the members of its group. {{.Via}} says who is a member: {{.ViaUser}} is
-- {{.CallerIs}}.
{{template "index" .}}
{{if not .HasViaIndex}}create index if not exists {{.ViaIndex}} on {{.Via}} ({{.ViaUser}}, {{.ViaColumn}});
{{end}}
{{template "ownOfVia" .}}
alter table {{.Table}} enable row level security;
create policy {{.Name "members"}} on {{.Table}} to {{.Roles}}
  using ({{template "condition" .}})
  with check ({{template "condition" .}});
{{template "grants" .}}
{{template "separator"}}
{{template "revokes" .}}drop policy {{.Name "members"}} on {{.Table}};
{{template "dropOwnOfVia" .}}
{{template "dropIndex" .}}
{{template "staysOn"}}

{{define "condition"}}{{.Column}} in (
    select g.{{.ViaColumn}} from {{.Via}} g where g.{{.ViaUser}} = {{.Caller}} and g.{{.ViaUntil}} > now()
  ){{end -}}
-- A row of {{.Table}} can be read by whom it was granted to, until the grant ends. {{.Via}} holds the grants: {{.ViaUser}} is
-- {{.CallerIs}}, {{.ViaColumn}} is the row's {{.Column}}, {{.ViaUntil}} the end. A grant that has ended needs no cleaning up.
{{template "index" .}}
{{if not .HasViaIndex}}create index if not exists {{.ViaIndex}} on {{.Via}} ({{.ViaUser}}, {{.ViaUntil}}, {{.ViaColumn}});
{{end}}
{{template "ownOfVia" .}}
alter table {{.Table}} enable row level security;
create policy {{.Name "granted"}} on {{.Table}} for select to {{.Roles}}
  using ({{template "condition" .}});
{{template "usage" .}}{{template "grant" .ReadGrants}}
notify pgrst, 'reload schema';

{{template "separator"}}
{{template "revoke" .ReadGrants}}drop policy {{.Name "granted"}} on {{.Table}};
{{template "dropOwnOfVia" .}}
{{template "dropIndex" .}}
{{template "staysOn"}}

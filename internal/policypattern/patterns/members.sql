-- A row of {{.Table}} is there for the members of its group. {{.Via}} says who is a member: {{.ViaUser}} is
-- {{.CallerIs}}.
{{template "index" .}}
create index {{.ViaIndex}} on {{.Via}} ({{.ViaUser}}, {{.ViaColumn}});

{{template "ownOfVia" .}}
alter table {{.Table}} enable row level security;
create policy {{.Name "members"}} on {{.Table}} to {{.Roles}}
  using ({{.Column}} in (select m.{{.ViaColumn}} from {{.Via}} m where m.{{.ViaUser}} = {{.Caller}}))
  with check ({{.Column}} in (select m.{{.ViaColumn}} from {{.Via}} m where m.{{.ViaUser}} = {{.Caller}}));
{{template "grants" .}}
{{template "separator"}}
{{template "revokes" .}}
drop policy {{.Name "members"}} on {{.Table}};
{{template "dropOwnOfVia" .}}
{{template "dropIndex" .}}
{{template "staysOn"}}

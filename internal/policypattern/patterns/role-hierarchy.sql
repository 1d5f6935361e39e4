{{define "condition"}}{{.Column}} = any (array(select r.rolname{{.Cast}} from pg_catalog.pg_roles r where pg_catalog.pg_has_role(r.oid, 'usage'))){{end -}}
-- A row of {{.Table}} names in {{.Column}} the role that it is for. It is there for that role and for those above: the roles that are
-- members of it and inherit from it. Grant the lower role to the higher: grant staff to manager.
{{template "index" .}}
alter table {{.Table}} enable row level security;
-- array(…) is worked out once a query: the roles whose rights the caller has.
create policy {{.Name "role"}} on {{.Table}} to {{.Roles}}
  using ({{template "condition" .}})
  with check ({{template "condition" .}});
{{template "grants" .}}
{{template "separator"}}
{{template "revokes" .}}drop policy {{.Name "role"}} on {{.Table}};
{{template "dropIndex" .}}
{{template "staysOn"}}

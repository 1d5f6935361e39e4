{{define "condition"}}({{.Changed}}) and (
    {{.When}}
  ) is not true{{end -}}
-- {{.ColumnList}} of {{.Table}} may change only under a condition. A policy sees the row before or after a change, never both; a
-- trigger sees both. It holds for everybody, the owner of the table included.
create function {{.Function (printf "%s_when" .Short)}}() returns trigger language plpgsql set search_path = '' as $$
begin
  raise exception using errcode = 'insufficient_privilege', message = {{.WhenMessage}};
end
$$;
revoke execute on function {{.Function (printf "%s_when" .Short)}}() from public;

create trigger {{.Name (printf "%s_when" .Short)}} before update on {{.Table}} for each row
  when ({{template "condition" .}})
  execute function {{.Function (printf "%s_when" .Short)}}();

{{template "separator"}}
drop trigger {{.Name (printf "%s_when" .Short)}} on {{.Table}};
drop function {{.Function (printf "%s_when" .Short)}}();

{{define "condition"}}{{.Changed}}{{end -}}
-- {{.ColumnList}} of {{.Table}} cannot change after the row was inserted. A policy sees the row before or after a change, never
-- both; a trigger sees both. It holds for everybody, the owner of the table included.
create function {{.Function (printf "%s_fixed" .Short)}}() returns trigger language plpgsql set search_path = '' as $$
begin
  raise exception using errcode = 'insufficient_privilege', message = {{.FixedMessage}};
end
$$;
revoke execute on function {{.Function (printf "%s_fixed" .Short)}}() from public;

create trigger {{.Name (printf "%s_fixed" .Short)}} before update on {{.Table}} for each row
  when ({{template "condition" .}})
  execute function {{.Function (printf "%s_fixed" .Short)}}();

{{template "separator"}}
drop trigger {{.Name (printf "%s_fixed" .Short)}} on {{.Table}};
drop function {{.Function (printf "%s_fixed" .Short)}}();

-- Reload the catalog by itself whenever a migration changes what the API could show.
--
-- PostgreSQL calls an event trigger at the end of each command that defines something (PostgreSQL manual, 40 Event
-- Triggers). These two send the notification that `NOTIFY pgrst, 'reload schema'` would send. It is delivered when the
-- transaction commits, and once however many commands it held; a rollback sends nothing.
--
-- Event triggers belong to superusers (on hosted databases, to the role that the provider calls its administrator).
-- Running this file again does no harm. To undo it: drop schema postern cascade;

begin;

create schema if not exists postern;

create or replace function postern.notify_after_command() returns event_trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Neither temporary tables, which functions make all the time, nor indexes and refreshed views change the catalog.
  if exists (
    select
    from pg_event_trigger_ddl_commands() c
    where c.schema_name is distinct from 'pg_temp'
      and c.command_tag not in ('CREATE INDEX', 'ALTER INDEX', 'REFRESH MATERIALIZED VIEW', 'CREATE STATISTICS', 'ALTER STATISTICS')
  ) then
    perform pg_notify('pgrst', 'reload schema');
  end if;
end
$$;

create or replace function postern.notify_after_drop() returns event_trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (
    select
    from pg_event_trigger_dropped_objects() o
    where not o.is_temporary
      and o.object_type not in ('index', 'statistics object', 'toast table')
  ) then
    perform pg_notify('pgrst', 'reload schema');
  end if;
end
$$;

drop event trigger if exists postern_after_command;
create event trigger postern_after_command on ddl_command_end execute function postern.notify_after_command();

drop event trigger if exists postern_after_drop;
create event trigger postern_after_drop on sql_drop execute function postern.notify_after_drop();

commit;

-- Relations of all schemas but the system's: a view's base table or what a policy looks up may well be unexposed.
--
-- pg_relation_is_updatable parses a view's definition and returns a mask of the commands that it accepts: 1 << command, which
-- makes 4 UPDATE, 8 INSERT and 16 DELETE; once what the view can do by itself and by rules, once with its triggers too.
-- The tree is the action of the rule that makes the view.
select
  c.oid,
  n.nspname,
  c.relname,
  c.relkind::text,
  c.relowner,
  c.relispartition,
  c.relrowsecurity,
  c.relforcerowsecurity,
  coalesce((select option_value::boolean from pg_options_to_table(c.reloptions) where option_name = 'security_invoker'), false),
  coalesce((select option_value::boolean from pg_options_to_table(c.reloptions) where option_name = 'security_barrier'), false),
  case when c.relkind = 'v' then pg_relation_is_updatable(c.oid, false) else 0 end,
  case when c.relkind = 'v' then pg_relation_is_updatable(c.oid, true) else 0 end,
  c.reltuples::float8,
  case when c.relkind in ('v', 'm') then coalesce(
    (select r.ev_action::text from pg_rewrite r where r.ev_class = c.oid and r.ev_type = '1' and r.rulename = '_RETURN'), '') else '' end,
  coalesce((
    with recursive above as (
      select i.inhparent from pg_inherits i where i.inhrelid = c.oid
      union select i.inhparent from pg_inherits i join above a on i.inhrelid = a.inhparent
    )
    select p.oid from above a join pg_class p on p.oid = a.inhparent where p.relrowsecurity order by p.oid limit 1), 0),
  coalesce(
    (select e.extname from pg_depend d join pg_extension e on e.oid = d.refobjid
     where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_extension'::regclass and d.deptype = 'e'), '')
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f')
  and n.nspname !~ '^pg_'
  and n.nspname <> 'information_schema'
order by n.nspname, c.relname

-- Triggers with their functions and conditions, and the commands that fire them: bits 4, 8 and 16 of tgtype are INSERT, DELETE
-- and UPDATE (PostgreSQL source, pg_trigger.h). Those that enforce foreign keys are PostgreSQL's own.
--
-- Rules other than a view's count as code, and so does a foreign table unless its wrapper came with a trusted extension; both
-- have no function.
select
  tgrelid,
  (case when tgtype & 4 <> 0 then 2 else 0 end) | (case when tgtype & 16 <> 0 then 4 else 0 end) | (case when tgtype & 8 <> 0 then 8 else 0 end),
  tgfoid,
  tgqual::text
from pg_trigger
where not tgisinternal
union all
select ev_class, case ev_type when '2' then 4 when '3' then 2 when '4' then 8 else 15 end, 0, null
from pg_rewrite
where ev_class >= 16384 and (ev_type <> '1' or rulename <> '_RETURN')
union all
select t.ftrelid, 15, 0, null
from pg_foreign_table t
join pg_foreign_server s on s.oid = t.ftserver
where not exists (
  select
  from pg_depend d
  join pg_extension e on e.oid = d.refobjid
  where d.classid = 'pg_foreign_data_wrapper'::regclass
    and d.objid = s.srvfdw
    and d.refclassid = 'pg_extension'::regclass
    and d.deptype = 'e'
    and e.extname in ('postgres_fdw', 'file_fdw')
)

-- Functions of all schemas whose one argument is a relation's row: if they return a relation's row or rows, they are computed
-- relationships; if they return one value, computed fields. Which relations and schemas count is decided in Go, for schemas by the
-- relation's. ROWS 1 is how an author declares that a set has at most one row.
select
  n.nspname,
  p.proname,
  source.typrelid,
  coalesce(target.typrelid, 0),
  p.prorettype,
  p.proretset,
  not p.proretset or p.prorows = 1,
  p.oid
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace
join pg_type source on source.oid = p.proargtypes[0] and source.typrelid <> 0
left join pg_type target on target.oid = p.prorettype
where p.pronargs = 1
  and p.prokind = 'f'
  and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
order by n.nspname, p.proname, p.oid

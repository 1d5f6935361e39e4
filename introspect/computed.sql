-- Functions of all schemas whose one argument is a relation's row: if they return a relation's row or rows, they are computed
-- relationships; if they return one value, computed fields. Which schemas count is decided in Go, since it depends on the
-- relation's. ROWS 1 is how an author declares that a set has at most one row.
select
  n.nspname,
  p.proname,
  source.oid,
  coalesce(target.oid, 0),
  p.prorettype,
  p.proretset,
  not p.proretset or p.prorows = 1,
  p.oid
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace
join pg_class source on source.reltype = p.proargtypes[0] and source.relkind in ('r', 'p', 'v', 'm', 'f')
left join pg_class target on target.reltype = p.prorettype and target.reltype <> 0 and target.relkind in ('r', 'p', 'v', 'm', 'f')
where p.pronargs = 1
  and p.proargtypes[0] <> 0
  and p.prokind = 'f'
  and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
order by n.nspname, p.proname, p.oid

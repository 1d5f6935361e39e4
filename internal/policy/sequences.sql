-- The table's column that a sequence numbers: by serial (a) or identity (i), which needs no grant.
select
  c.oid,
  n.nspname,
  c.relname,
  c.relowner,
  coalesce(d.refobjid, 0::oid),
  coalesce(d.refobjsubid, 0),
  coalesce(d.deptype::text, '')
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.objsubid = 0
  and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i')
where c.relkind = 'S'
  and n.nspname !~ '^pg_'
  and n.nspname <> 'information_schema'
order by n.nspname, c.relname

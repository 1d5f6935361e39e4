-- $1 oid[]: further functions, by which policies of user tables are made. A procedure's volatility means nothing.
select
  p.oid,
  n.nspname,
  p.proname,
  pg_get_function_identity_arguments(p.oid),
  p.proowner,
  p.prokind::text,
  p.prosecdef,
  p.proleakproof,
  p.provolatile::text,
  coalesce(p.proconfig, '{}'),
  l.lanname,
  p.prorettype::regtype::text,
  p.prosrc,
  case when p.prosqlbody is null then '' else pg_get_function_sqlbody(p.oid) end,
  coalesce(
    (select e.extname from pg_depend d join pg_extension e on e.oid = d.refobjid
     where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.refclassid = 'pg_extension'::regclass and d.deptype = 'e'), '')
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace
join pg_language l on l.oid = p.prolang
where (n.nspname !~ '^pg_' and n.nspname <> 'information_schema') or p.oid = any ($1::oid[])
order by n.nspname, p.proname, 4

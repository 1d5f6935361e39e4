-- $1 oid[]: the types of columns, parameters and results. The types that domains are based on are added.
--
-- format_type without a modifier gives the name as SQL text, qualified where it must be. A true array is told by its
-- subscripting function, as PostgreSQL does; typelem alone is set for point or name, too. A cast to json counts only if it
-- is a function's, which is when to_json uses it.
with recursive wanted (oid) as (
  select unnest($1::oid[])
  union
  select t.typbasetype from wanted join pg_type t using (oid) where t.typtype = 'd'
)
select
  t.oid,
  n.nspname,
  t.typname,
  t.typtype,
  t.typbasetype,
  t.typtypmod,
  t.typrelid,
  t.typnotnull,
  t.typsubscript = 'array_subscript_handler'::regproc,
  t.typndims > 1,
  exists (select from pg_cast c where c.castsource = t.oid and c.casttarget = 'json'::regtype and c.castmethod = 'f'),
  format_type(t.oid, null),
  pg_get_expr(t.typdefaultbin, 0),
  case when t.typtype = 'e' then array(select e.enumlabel from pg_enum e where e.enumtypid = t.oid order by e.enumsortorder) end
from wanted
join pg_type t using (oid)
join pg_namespace n on n.oid = t.typnamespace

-- $1 oid[]: the types that columns, routines and computed fields use; $2 oid[]: the exposed schemas.
--
-- The enums, domains and composite types among them, those of the exposed schemas, and those that these are made of. The rows
-- of exposed relations end the search, since their columns are known.
--
-- The number of dimensions is what was declared, and nothing that PostgreSQL enforces. A cast to json counts only if it is a
-- function's, which is when to_json uses it.
with recursive used (oid) as (
  (
    select unnest($1::oid[])
    union
    select t.oid from pg_type t where t.typnamespace = any ($2::oid[]) and t.typtype in ('e', 'd')
    union
    select c.reltype from pg_class c where c.relnamespace = any ($2::oid[]) and c.relkind = 'c'
  )
  union
  select part.oid
  from used
  join pg_type t using (oid)
  left join pg_class c on c.oid = t.typrelid
  cross join lateral (
    select t.typbasetype where t.typtype = 'd'
    union all
    select t.typelem where t.typsubscript = 'array_subscript_handler'::regproc
    union all
    select a.atttypid
    from pg_attribute a
    where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
      and not (c.relkind <> 'c' and not c.relispartition and c.relnamespace = any ($2::oid[]))
  ) part (oid)
)
select
  n.nspname,
  t.typname,
  format_type(t.oid, null),
  case when t.typtype = 'd' then format_type(t.typbasetype, t.typtypmod) end,
  t.typndims > 1,
  exists (select from pg_cast k where k.castsource = t.oid and k.casttarget = 'json'::regtype and k.castmethod = 'f'),
  case when t.typtype = 'e' then array(select e.enumlabel::text from pg_enum e where e.enumtypid = t.oid order by e.enumsortorder) end,
  a.names,
  a.types,
  a.multidimensional
from used
join pg_type t using (oid)
join pg_namespace n on n.oid = t.typnamespace
left join pg_class c on c.oid = t.typrelid
left join lateral (
  select
    array_agg(a.attname::text order by a.attnum) as names,
    array_agg(format_type(a.atttypid, a.atttypmod) order by a.attnum) as types,
    array_agg(a.attndims > 1 order by a.attnum) as multidimensional
  from pg_attribute a
  where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
) a on true
where t.typtype in ('e', 'd')
  or t.typtype = 'c' and not (c.relkind <> 'c' and not c.relispartition and c.relnamespace = any ($2::oid[]))
order by n.nspname, t.typname

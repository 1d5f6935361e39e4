-- $1 oid[]: the exposed schemas.
--
-- A domain whose name is a media type, "text/xml" or "*/*", makes a handler of an aggregate over rows of a relation
-- (or anyelement) that returns it, and of a function that returns it.
with media_types as (
  select t.oid, n.nspname as schema, t.typname as name
  from pg_type t
  join pg_namespace n on n.oid = t.typnamespace
  where t.typtype = 'd'
    and (t.typname ~* '^[a-z0-9.-]+/[a-z0-9.+-]+$' or t.typname = '*/*')
)
select n.nspname, p.proname, of_schema.nspname, of_type.typname, m.name, p.oid
from media_types m
join pg_proc p on p.prorettype = m.oid
join pg_namespace n on n.oid = p.pronamespace
join pg_type of_type on of_type.oid = p.proargtypes[0]
join pg_namespace of_schema on of_schema.oid = of_type.typnamespace
left join pg_class c on c.oid = of_type.typrelid
where p.prokind = 'a'
  and p.pronargs = 1
  and p.pronamespace = any ($1::oid[])
  and (of_type.oid = 'anyelement'::regtype or c.relkind in ('r', 'p', 'v', 'm', 'f'))
union
select m.schema, m.name, n.nspname, p.proname, m.name, p.oid
from media_types m
join pg_proc p on p.prorettype = m.oid
join pg_namespace n on n.oid = p.pronamespace
where p.prokind = 'f'
  and not p.proretset
  and p.pronamespace = any ($1::oid[])
order by 3, 4, 5, 1, 2

-- $1 oid[]: types. What is made of them: their arrays, and the relations and composite types that have columns of them or of their
-- arrays. First the type's oid and name, then the relation, 0 for an array.
with made as (
  select t.oid, t.typname, 0::oid as relation from pg_type t where t.typelem = any ($1::oid[]) and t.typlen = -1
)
select oid, typname, relation from made
union all
select c.reltype, c.relname, c.oid
from pg_class c
where exists (
  select from pg_attribute a
  where a.attrelid = c.oid
    and a.attnum > 0
    and not a.attisdropped
    and (a.atttypid = any ($1::oid[]) or a.atttypid in (select oid from made))
)
and c.relkind in ('r', 'p', 'v', 'm', 'f', 'c')

-- $1 oid[]: the operators. Strategy 3 of a B-tree's operator family is equality.
select o.oid, o.oprname, exists (
  select
  from pg_amop a
  join pg_am m on m.oid = a.amopmethod
  where a.amopopr = o.oid and a.amopstrategy = 3 and m.amname = 'btree'
)
from pg_operator o
where o.oid = any ($1::oid[])

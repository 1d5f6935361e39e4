-- $1 oid[]: the exposed schemas; $2 oid[]: further relations and composite types that exposed routines return.
--
-- By far the largest result, so it holds what pg_attribute stores and leaves to Go what belongs to a column's type: a
-- catalog has many columns but few types. It is not sorted, for the rows of one relation mostly come together and in order,
-- and Go sorts those that do not.
--
-- Those who have a privilege on the column come by oid, 0 being PUBLIC. Few columns have any of their own.
select
  a.attrelid,
  a.attnum,
  a.attname,
  a.atttypid,
  a.atttypmod,
  a.attnotnull,
  a.attidentity,
  a.attgenerated,
  a.attndims > 1,
  d.description,
  case when a.attacl is not null then array(select distinct p.grantee from aclexplode(a.attacl) p) end
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_description d on d.objoid = a.attrelid and d.objsubid = a.attnum and d.classoid = 'pg_class'::regclass
where (c.relnamespace = any ($1::oid[]) and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition)
   or c.oid = any ($2::oid[])

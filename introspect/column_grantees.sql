-- $1 oid[]: the exposed schemas.
--
-- Those who have a privilege on a column of a relation, by oid, 0 being PUBLIC. Few columns have any of their own.
select distinct c.oid, p.grantee
from pg_attribute a
join pg_class c on c.oid = a.attrelid
cross join lateral aclexplode(a.attacl) p
where a.attacl is not null
  and c.relnamespace = any ($1::oid[])
  and a.attnum > 0

-- $1 text[]: the exposed schemas and those of the extra search path, by name. Names are compared as they are: a cast to
-- regnamespace would fold capitals and would fail on the first missing one, so that an error could name only that.
--
-- The owner can use a schema whatever its privileges; grantee 0 is PUBLIC.
select
  n.oid,
  n.nspname,
  obj_description(n.oid, 'pg_namespace'),
  array(
    select n.nspowner
    union
    select a.grantee from aclexplode(n.nspacl) a where a.privilege_type = 'USAGE'
  )
from pg_namespace n
where n.nspname = any ($1::text[])

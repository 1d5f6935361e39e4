-- $1 bool: whether the server keeps with each membership whether it inherits, as PostgreSQL does from version 16 on. Before, the
-- member decided for all of its memberships. A column that an older server lacks must not be named, hence to_jsonb.
select m.oid, a.roleid
from pg_auth_members a
join pg_roles m on m.oid = a.member
where case when $1 then (to_jsonb(a) ->> 'inherit_option')::bool else m.rolinherit end

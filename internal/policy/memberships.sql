-- $1 bool: whether the server keeps inherit and set with each membership, as PostgreSQL does from version 16 on. Before, the
-- member decided about inheriting, and could always SET ROLE. Columns that an older server lacks must not be named, hence to_jsonb.
-- The same membership may be granted by several roles.
select
  a.member,
  a.roleid,
  bool_or(case when $1::bool then (to_jsonb(a) ->> 'inherit_option')::bool else m.rolinherit end),
  bool_or(case when $1::bool then (to_jsonb(a) ->> 'set_option')::bool else true end),
  bool_or(a.admin_option)
from pg_auth_members a
join pg_roles m on m.oid = a.member
group by a.member, a.roleid
order by a.member, a.roleid

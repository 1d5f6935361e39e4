-- $1 text: MEMBER, or from PostgreSQL 16 on SET, which leaves out memberships granted WITH SET FALSE.
--
-- The login role itself is among them. pg_roles is the view that everyone may read; its rolconfig are the settings made by
-- ALTER ROLE … SET for all databases.
select r.rolname, r.rolsuper, r.rolbypassrls, r.rolconfig
from pg_roles r
where pg_has_role(session_user, r.oid, $1)
order by r.rolname

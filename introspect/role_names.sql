select oid, rolname from pg_roles

-- All roles, with the settings that apply to them in this database: those of the role, then those of the role in the database.
-- pg_db_role_setting keeps them as name=value.
select
  r.oid,
  r.rolname,
  r.rolcanlogin,
  r.rolinherit,
  r.rolsuper,
  r.rolbypassrls,
  r.rolcreaterole,
  r.rolcreatedb,
  r.rolreplication,
  array(
    select entry
    from pg_db_role_setting s, unnest(s.setconfig) with ordinality as u (entry, place)
    where s.setrole = r.oid and (s.setdatabase = 0 or s.setdatabase = (select oid from pg_database where datname = current_database()))
    order by s.setdatabase, place
  )
from pg_roles r
order by r.rolname

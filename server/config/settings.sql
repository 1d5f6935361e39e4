-- The settings in the database: ALTER ROLE authenticator SET pgrst.db_schemas = '…'.
--
-- They are read from the catalog and not with current_setting, because a pooled
-- connection has the values of the time when it was opened, and because the
-- settings of the login role alone count. Those of the database (ALTER DATABASE …
-- SET) do not, as in PostgREST: whoever owns the database is not the operator.
--
-- What is set for the role in this database goes before what is set for the role
-- in all (setdatabase = 0); hence the descending order.
--
-- Names that are none of the parameters' are given too, so that they can be warned of.
--
-- $1  text[]  the names to look for
with role_setting as (
  select s.setdatabase as database,
         unnest(s.setconfig) as setting
  from pg_catalog.pg_db_role_setting s
  where s.setrole = (select oid from pg_catalog.pg_roles where rolname = current_user)
    and s.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = current_database()))
),
-- setconfig holds name=value; a value may hold further equals signs.
setting as (
  select database,
         substr(setting, 1, strpos(setting, '=') - 1) as name,
         substr(setting, strpos(setting, '=') + 1) as value
  from role_setting
)
select distinct on (name)
       substr(name, length('pgrst.') + 1) as key,
       value
from setting
where (name = any ($1::text[]) or name like 'pgrst.%')
  and value is not null
order by name, database desc nulls last

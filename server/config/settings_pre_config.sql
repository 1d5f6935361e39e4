-- The settings in the database, as settings.sql reads them, and those that the
-- function of db-pre-config sets. The role's own go before the function's.
--
-- The function stands in the from clause, so that it has run by the time
-- current_setting is asked. Where it sets nothing, current_setting gives what the
-- session began with, which includes ALTER DATABASE … SET, as in PostgREST.
--
-- The name pre_config below is replaced by the function's, quoted.
--
-- $1  text[]  the names to look for
with role_setting as (
  select s.setdatabase as database,
         unnest(s.setconfig) as setting
  from pg_catalog.pg_db_role_setting s
  where s.setrole = (select oid from pg_catalog.pg_roles where rolname = current_user)
    and s.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = current_database()))
),
setting as (
  select database,
         substr(setting, 1, strpos(setting, '=') - 1) as name,
         substr(setting, strpos(setting, '=') + 1) as value
  from role_setting
  union
  select null as database,
         names.name,
         current_setting(names.name, true) as value
  from unnest($1::text[]) as names (name)
  join pre_config() as called on true
)
select distinct on (name)
       substr(name, length('pgrst.') + 1) as key,
       value
from setting
where (name = any ($1::text[]) or name like 'pgrst.%')
  and value is not null
order by name, database desc nulls last

-- What holds for all roles, and the timeout of the server's own configuration, if nothing of this session covers it.
select
  array(
    select entry
    from pg_db_role_setting s, unnest(s.setconfig) with ordinality as u (entry, place)
    where s.setrole = 0 and s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
    order by s.setdatabase, place
  ),
  coalesce((
    select setting from pg_settings
    where name = 'statement_timeout' and source in ('default', 'configuration file', 'command line', 'environment variable')
  ), '')

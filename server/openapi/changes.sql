-- How often the catalogs have changed that tell what roles may use: a number that stays as it is while they do. It is null
-- where PostgreSQL does not count.
--
-- A session's changes are counted when it next has nothing to do, at the latest after ten seconds (PostgreSQL manual, 28.2 The
-- Cumulative Statistics System). VACUUM and ANALYZE do not count.
select
  case when pg_catalog.current_setting('track_counts') = 'on' then pg_catalog.sum(
    pg_catalog.pg_stat_get_tuples_inserted(c) + pg_catalog.pg_stat_get_tuples_updated(c) + pg_catalog.pg_stat_get_tuples_deleted(c)
  ) end
from pg_catalog.unnest(array[
  'pg_catalog.pg_namespace', 'pg_catalog.pg_class', 'pg_catalog.pg_attribute', 'pg_catalog.pg_proc', 'pg_catalog.pg_type',
  'pg_catalog.pg_authid', 'pg_catalog.pg_auth_members'
]::pg_catalog.regclass[]) c

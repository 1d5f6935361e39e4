-- The database and who is connected. pg_database_owner has the database's owner as its only, implicit member.
select
  current_database(),
  current_setting('server_version_num')::int,
  current_setting('server_version'),
  session_user,
  d.datdba
from pg_database d
where d.datname = current_database()

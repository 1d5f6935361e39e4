-- From PostgreSQL 15 on, a setting that only superusers may change can be granted to others.
select name from pg_settings where context = 'user' or has_parameter_privilege(session_user, name, 'set')

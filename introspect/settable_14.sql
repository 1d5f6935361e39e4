-- Settings that any role may change for itself. Others would make each request of a role that has them fail.
select name from pg_settings where context = 'user'

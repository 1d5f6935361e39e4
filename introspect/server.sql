-- The server's version decides how some things are asked; session_user, not current_user, since it is the login role whose
-- memberships count, whatever role the connection may have been set to.
select current_setting('server_version_num')::int4, session_user, current_database()

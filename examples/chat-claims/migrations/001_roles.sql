-- One role for all users, and the role that the server logs in as. Who a user is stands in the claims of the token, so a new
-- user needs no new role.
--
-- Roles belong to the whole cluster: another database may have made them already.
do $$
begin
  if not exists (select from pg_roles where rolname = 'authenticator') then
    create role authenticator;
  end if;
  alter role authenticator noinherit login;

  if not exists (select from pg_roles where rolname = 'chat_user') then
    create role chat_user nologin;
  end if;
  grant chat_user to authenticator;
end
$$;

---- create above / drop below ----

-- The roles stay, since another database of the cluster may use them. If none does:
-- drop role authenticator, chat_user;

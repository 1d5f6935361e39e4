-- One role a user, and the role that the server logs in as. The server switches to the user's role for each request, so
-- authenticator itself can do nothing: NOINHERIT keeps the users' rights from it until it says SET ROLE.
--
-- Roles belong to the whole cluster: another database may have made them already.
do $$
declare
  person name;
begin
  if not exists (select from pg_roles where rolname = 'authenticator') then
    create role authenticator;
  end if;
  alter role authenticator noinherit login;

  foreach person in array array['alice', 'bob', 'carol'] loop
    if not exists (select from pg_roles where rolname = person) then
      execute format('create role %I nologin', person);
    end if;
    execute format('grant %I to authenticator', person);
  end loop;
end
$$;

---- create above / drop below ----

-- The roles stay, since another database of the cluster may use them. If none does:
-- drop role authenticator, alice, bob, carol;

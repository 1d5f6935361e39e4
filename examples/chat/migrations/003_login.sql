-- Signing in: a name and a password for a token, which the database itself signs. Whoever shows no token is anon, and all that anon may
-- do is this. (001 says why roles may exist already.)
do $$
begin
  if not exists (select from pg_roles where rolname = 'anon') then
    create role anon nologin;
    alter role anon set statement_timeout = '5s'; -- nobody unknown holds a connection for long
  end if;
  grant anon to authenticator;
end
$$;

-- What is in here is not served. Passwords are kept as bcrypt hashes; the secret is the server's jwt-secret, and whoever can read it
-- can be anybody: so nobody has a grant on either.
create schema private;
create extension pgcrypto with schema private;
create table private.account (
  name          name primary key,
  password_hash text not null
);
create table private.secret (
  jwt_secret text    not null check (length(jwt_secret) >= 32),
  singleton  boolean primary key default true check (singleton)
);

-- base64url, as RFC 7515 wants it.
create function private.base64url(data bytea) returns text language sql immutable
return translate(encode(data, 'base64'), E'+/=\n', '-_');

-- Checks a password and signs a token for 8 hours. It runs with the rights of its owner, since the caller may see neither hashes nor
-- secret; hence the empty search_path.
create function private.token(name name, password text) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
  -- A name that is unknown takes as long as one that is known.
  expected text := coalesce((select a.password_hash from private.account a where a.name = token.name),
    '$2a$08$abcdefghijklmnopqrstuuVLqM5Kq8NXHQ1iJr1gVZ6nD2BxWYwB2');
  secret text := (select s.jwt_secret from private.secret s);
  signed text;
begin
  if private.crypt(password, expected) is distinct from expected then
    raise sqlstate '28P01' using message = 'wrong name or password';
  end if;
  if secret is null then
    raise 'there is no secret to sign tokens with' using hint = 'Insert the jwt-secret of the server into private.secret.';
  end if;
  signed := private.base64url('{"alg":"HS256","typ":"JWT"}') || '.' || private.base64url(convert_to(json_build_object(
    'role', name, 'sub', name, 'exp', extract(epoch from now())::bigint + 8 * 3600)::text, 'UTF8'));
  return signed || '.' || private.base64url(private.hmac(signed, secret, 'sha256'));
end
$$;
revoke execute on function private.token from public;

create function api.login(name name, password text) returns json language sql volatile
return json_build_object('token', private.token(name, password));

grant usage on schema api, private to anon;
grant execute on function private.token to anon;
revoke execute on function api.login from public;
grant execute on function api.login to anon;

notify pgrst, 'reload schema';

---- create above / drop below ----

drop function api.login;
drop function private.token, private.base64url;
drop table private.secret, private.account;
drop extension pgcrypto;
drop schema private;
revoke usage on schema api from anon;
notify pgrst, 'reload schema';

-- Single-use tokens: each is remembered until it has expired, so that it cannot be used again, on any number of servers.
--
-- Run this once a database, as the role that shall own it, then let the role that Postern logs in as use it:
--
--   grant usage on schema postern_auth to authenticator;
--   grant execute on function postern_auth.postern_consume_token(text, timestamptz) to authenticator;
--
-- No other role needs it. Without a transaction around it, it is safe too. Running this file again does no harm. To undo it: drop schema postern_auth cascade;

create schema if not exists postern_auth;
revoke all on schema postern_auth from public;

create table if not exists postern_auth.used_token (
  jti text primary key,
  expires timestamptz not null
);
create index if not exists used_token_expires on postern_auth.used_token (expires);
revoke all on postern_auth.used_token from public;

-- Uses up a token, or fails if it was used before. Of two transactions that try at once the second waits for the first:
-- if that commits, the second fails; if it is rolled back, the second goes on.
create or replace function postern_auth.postern_consume_token(jti text, expires timestamptz) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if jti is null or expires is null then
    raise exception using errcode = 'PT401', message = 'A single-use token needs an id and a time of expiry';
  end if;

  insert into postern_auth.used_token (jti, expires)
  values (postern_consume_token.jti, postern_consume_token.expires)
  on conflict do nothing;
  if not found then
    raise exception using errcode = 'PT401', message = 'The token was used already',
      detail = 'It was for one request';
  end if;

  -- Each use clears away a few that no server accepts any more, however its clock goes; not in stricter transactions,
  -- which would fail where two clear the same.
  if current_setting('transaction_isolation') <> 'read committed' then
    return;
  end if;
  delete from postern_auth.used_token u
  where u.jti in (
    select old.jti
    from postern_auth.used_token old
    where old.expires < pg_catalog.now() - interval '1 day'
    order by old.expires
    limit 10
    for update skip locked
  );
end
$$;

revoke all on function postern_auth.postern_consume_token(text, timestamptz) from public;

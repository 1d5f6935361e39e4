-- Functions by which policies, defaults and views ask who calls. The server sets request.jwt.claims in each transaction to the
-- claims of the verified token, a JSON object; without a token and outside the server there are none.
--
-- All of them are NULL where a claim is missing or is not what it should be. NULL equals nothing, so such a caller sees nothing, and
-- no error tells anything. They are stable and so small that PostgreSQL puts their bodies in the place of the calls. Write
-- (select auth.claim('sub')) in a policy: that is worked out once a query, not once a row, and can use an index.
--
-- Their bodies are parsed now, not when they are called, so that no search_path can change what they mean. They do nothing that
-- the caller could not do, hence no SECURITY DEFINER.
do $$
begin
  if exists (select from pg_catalog.pg_namespace where nspname = 'auth') then
    raise exception using errcode = 'duplicate_schema', message = 'there is a schema auth already',
      detail = 'It belongs to somebody else, as on Supabase, and none of its functions may be replaced.',
      hint = 'Give the schema of this file another name wherever it stands, or use the functions that are there.';
  end if;
end
$$;
create schema auth;
comment on schema auth is 'Who calls: the claims of the token';

-- All claims. What is no JSON object counts as none, and so does what jsonb cannot hold, such as \u0000. For its estimates PostgreSQL
-- works the value out whatever the claims are, as far as it can: the conditions must be such as it then finds false, which IS JSON
-- is not. Before PostgreSQL 16 text in braces that is no JSON is an error. The server sets no such text.
do $$
begin
  if current_setting('server_version_num')::int >= 160000 then
    execute $function$
      create function auth.claims() returns jsonb stable parallel safe language sql
      return case when current_setting('request.jwt.claims', true) ~ '^\s*\{'
          and pg_input_is_valid(current_setting('request.jwt.claims', true), 'pg_catalog.jsonb')
        then current_setting('request.jwt.claims', true)::jsonb end
    $function$;
  else
    create function auth.claims() returns jsonb stable parallel safe language sql
    return case when current_setting('request.jwt.claims', true) ~ '^\s*\{.*\}\s*$'
        and strpos(current_setting('request.jwt.claims', true), '\u0000') = 0
      then current_setting('request.jwt.claims', true)::jsonb end;
  end if;
end
$$;
comment on function auth.claims is 'All claims of the token, as an object';

create function auth.claim(name text) returns text stable parallel safe language sql
return auth.claims() ->> name;
comment on function auth.claim is 'A claim of the token, as text: auth.claim(''sub'')';

-- For identity providers whose users have a UUID. If yours have not, use auth.claim('sub').
create function auth.uid() returns uuid stable parallel safe language sql
return case when auth.claim('sub') ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then auth.claim('sub')::uuid end;
comment on function auth.uid is 'The claim sub, if it is a UUID';

-- What the token says. The role that PostgreSQL goes by is current_user.
create function auth.role() returns text stable parallel safe language sql
return auth.claim('role');
comment on function auth.role is 'The claim role';

-- The claim scope has words between blanks (RFC 8693, 4.2); some issuers send an array.
create function auth.has_scope(scope text) returns boolean stable parallel safe language sql
return case jsonb_typeof(auth.claims() -> 'scope')
  when 'string' then scope = any (string_to_array(auth.claims() ->> 'scope', ' ')) and scope <> ''
  when 'array' then auth.claims() -> 'scope' ? scope
end;
comment on function auth.has_scope is 'Whether the claim scope has the word; NULL if there is no such claim';

-- Everybody may ask for their own claims.
grant usage on schema auth to public;
grant execute on function auth.claims(), auth.claim(text), auth.uid(), auth.role(), auth.has_scope(text) to public;

---- create above / drop below ----

-- Fails while a policy, default or view uses them.
drop function auth.has_scope(text), auth.role(), auth.uid(), auth.claim(text), auth.claims();
drop schema auth;

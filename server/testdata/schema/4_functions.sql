-- Computed fields and relationships.
create function library.initials(library.authors) returns text language sql stable as $$
  select string_agg(left(word, 1), '' order by n) from regexp_split_to_table($1.name, ' ') with ordinality as t (word, n)
$$;
create function library.century(library.books) returns int language sql stable as $$ select (($1.year - 1) / 100) + 1 $$;
create function library.latest_book(library.authors) returns setof library.books rows 1 language sql stable as $$
  select b.* from library.books b join library.book_authors ba on ba.book_id = b.id
  where ba.author_id = $1.id order by b.year desc nulls last, b.id limit 1
$$;
create function library.same_year(library.books) returns setof library.books language sql stable as $$
  select * from library.books where year = $1.year and id <> $1.id
$$;

-- Functions of every shape.
create function library.add(a int, b int default 10) returns int language sql immutable as $$ select a + b $$;
create function library.greet(name text) returns text language sql immutable as $$ select 'Hello, ' || name $$;
create function library.total(variadic numbers int[]) returns int language sql immutable as $$
  select coalesce(sum(n), 0)::int from unnest(numbers) n
$$;
create function library.longest(words text[]) returns text language sql immutable as $$
  select word from unnest(words) word order by length(word) desc, word limit 1
$$;
create function library.nothing() returns void language sql as $$ select $$;
create function library.no_number() returns int language sql immutable as $$ select null::int $$;
create function library.primes() returns setof int language sql immutable rows 5 as $$ values (2), (3), (5), (7), (11) $$;
create function library.books_since(since int default 1900) returns setof library.books language sql stable as $$
  select * from library.books where year >= since order by id
$$;
create function library.one_book(book int) returns library.books language sql stable as $$ select * from library.books where id = book $$;
create function library.divide(a int, b int, out quotient int, out remainder int) language sql immutable as $$ select a / b, a % b $$;
create function library.one_out(out answer int) language sql immutable as $$ select 42 $$;
create function library.twice(inout n int) language sql immutable as $$ select n * 2 $$;
create function library.shelf(size int) returns table (place int, label text) language sql immutable as $$
  select n, 'place ' || n from generate_series(1, size) n
$$;
create function library.any_record() returns record language sql immutable as $$ select 1, 'x'::text $$;
create function library.same(value anyelement) returns anyelement language sql immutable as $$ select value $$;
create function library.home_of(member int) returns library.address language sql stable as $$ select home from library.members where id = member $$;

-- A single unnamed parameter takes the body as it is.
create function library.keep_json(json) returns json language sql immutable as $$ select $1 $$;
create function library.count_bytes(bytea) returns int language sql immutable as $$ select length($1) $$;
create function library.shout(text) returns text language sql immutable as $$ select upper($1) $$;
create function library.keep_xml(xml) returns xml language sql immutable as $$ select $1 $$;
create function library.json_and_number(payload json, n int) returns text language sql immutable as $$ select (payload ->> 'a') || n $$;

-- Overloads.
create function library.fee() returns text language sql immutable as $$ select 'none' $$;
create function library.fee(days int) returns text language sql immutable as $$ select days || ' days' $$;
create function library.fee(days int, rate int) returns text language sql immutable as $$ select days * rate || ' cents' $$;
create function library.unclear(n int) returns text language sql immutable as $$ select 'int' $$;
create function library.unclear(n text) returns text language sql immutable as $$ select 'text' $$;

-- Volatility decides whether a transaction may write.
create function library.note_volatile(text_ text) returns int language sql volatile as $$
  insert into library.genres values (900, text_) returning id
$$;
create function library.note_stable(text_ text) returns int language plpgsql stable as $$
begin
  insert into library.genres values (901, text_);
  return 1;
end $$;
create function library.access_mode() returns text language sql stable as $$ select current_setting('transaction_read_only') $$;
create function library.patient() returns text language sql volatile set statement_timeout = '4321ms' as $$ select current_setting('statement_timeout') $$;
create function library.isolation() returns text language sql stable as $$ select current_setting('transaction_isolation') $$;
create function library.careful() returns text language sql stable set default_transaction_isolation = 'repeatable read' as $$
  select current_setting('transaction_isolation')
$$;
create function library.sleep(seconds float8) returns void language sql volatile as $$ select pg_sleep(seconds) $$;
create function library.raise_prices(percent int) returns setof library.books language sql volatile as $$
  update library.books set price = round(price * (100 + percent) / 100, 2) where price is not null returning *
$$;

-- What a request tells the database.
create function library.whoami() returns json language sql stable as $$
  select json_build_object(
    'role', current_user,
    'claims', current_setting('request.jwt.claims')::json,
    'method', current_setting('request.method'),
    'path', current_setting('request.path'),
    'search_path', current_setting('search_path'),
    'time_zone', current_setting('timezone'),
    'header', current_setting('request.headers')::json ->> 'x-asked-by',
    'cookie', current_setting('request.cookies')::json ->> 'shelf',
    'branch', current_setting('app.settings.branch', true))
$$;
create function archive.whoami() returns json language sql stable as $$ select library.whoami() $$;
create function library.backend() returns int language sql stable as $$ select pg_backend_pid() $$;
create function library.now_is() returns timestamptz language sql stable as $$ select timestamptz '2024-06-01 12:00:00+00' $$;

-- What the database tells the client.
create function library.answer(headers text default '', status text default '') returns text language sql volatile as $$
  select set_config('response.headers', headers, true), set_config('response.status', status, true);
  select 'answered'::text
$$;
create function library.raise_state(state text, message text, detail text default null, hint text default null) returns void
language plpgsql volatile as $$
begin
  raise exception using errcode = state, message = message, detail = coalesce(detail, ''), hint = coalesce(hint, '');
end $$;
create function library.raise_json(message text, detail text) returns void language plpgsql volatile as $$
begin
  if detail is null then
    raise sqlstate 'PGRST' using message = message;
  end if;
  raise sqlstate 'PGRST' using message = message, detail = detail;
end $$;

-- A trigger that answers.
create function private.teapot() returns trigger language plpgsql as $$
begin
  if new.name = 'Tea' then
    perform set_config('response.status', '299', true);
    perform set_config('response.headers', '[{"X-Brew": "Earl Grey"}]', true);
  elsif new.name = 'Broken' then
    perform set_config('response.headers', '[{"X Y": "z"}]', true);
  end if;
  return new;
end $$;
create trigger teapot before insert on library.genres for each row execute function private.teapot();

create function private.before_each() returns void language plpgsql as $$
begin
  if current_setting('request.headers')::json ->> 'x-blocked' is not null then
    raise insufficient_privilege using message = 'Blocked before the request';
  end if;
  perform set_config('response.headers', '[{"X-Checked": "yes"}]', true);
end $$;
create function library.welcome() returns json language sql stable as $$ select '{"welcome": "to the library"}'::json $$;
create function archive.where_am_i() returns text language sql stable as $$ select current_setting('search_path') $$;

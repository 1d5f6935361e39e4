-- One value from two.
create function api.add(a int, b int default 1) returns int language sql immutable as $$ select a + b $$;
comment on function api.add is 'Adds two numbers';

-- Rows of a table: the client can choose, filter, order and embed as with the table itself.
create function api.films_since(year int) returns setof api.films language sql stable as $$
  select * from api.films where films.year >= films_since.year
$$;

-- It writes, so it is volatile: POST only. It runs as the caller, who needs the rights.
create function api.rate(film text, rating numeric) returns numeric language sql as $$
  update api.films set rating = coalesce((films.rating + rate.rating) / 2, rate.rating) where title = film returning films.rating
$$;

-- A function of a table's row is a column that is computed; one that returns rows is a relationship.
create function api.decade(film api.films) returns int language sql stable as $$ select film.year / 10 * 10 $$;
create function api.same_decade(film api.films) returns setof api.films language sql stable as $$
  select * from api.films f where f.year / 10 = film.year / 10 and f.id <> film.id
$$;

-- It decides the answer: a status, a header, an error.
create function api.buy(film text) returns void language plpgsql as $$
begin
  if not exists (select from api.films where title = film) then
    raise sqlstate 'PT404' using message = 'There is no such film', hint = 'See /films';
  end if;
  perform set_config('response.headers', '[{"X-Order": "4711"}]', true);
  perform set_config('response.status', '202', true);
end $$;

---- create above / drop below ----

drop function api.buy, api.same_decade, api.decade, api.rate, api.films_since, api.add;

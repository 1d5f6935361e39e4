-- Media types: a domain by their name, made by functions or aggregates that return it.
create domain library."text/html" as text;
create domain library."image/png" as bytea;
create domain library."application/vnd.library.names" as text;
create domain library."text/csv" as text;
create domain library."*/*" as bytea;

create function library.page() returns library."text/html" language sql immutable as $$ select '<h1>Library</h1>' $$;
create function library.cover(id int) returns library."image/png" language sql immutable as $$
  select decode('89504e47' || lpad(to_hex(id), 2, '0'), 'hex')
$$;
create function library.anything() returns library."*/*" language sql stable as $$
  select set_config('response.headers', '[{"Content-Type": "application/x-made-up"}]', true);
  select convert_to('anything', 'utf8')
$$;

create function private.add_name(state text, row_ library.authors) returns library."application/vnd.library.names" language sql immutable as $$
  select state || row_.name || E'\n'
$$;
create aggregate library.names (library.authors) (
  sfunc = private.add_name, stype = library."application/vnd.library.names", initcond = ''
);
create function library.authors_from(country text) returns setof library.authors language sql stable as $$
  select * from library.authors a where a.country = authors_from.country order by id
$$;

create function private.add_item(state text, row_ anyelement) returns library."text/html" language sql immutable as $$
  select state || '<li>' || coalesce(to_json(row_)::text, '') || '</li>'
$$;
create aggregate library.list (anyelement) (sfunc = private.add_item, stype = library."text/html", initcond = '');

-- overrides what is built in, for one relation
create function private.add_csv(state text, row_ library.genres) returns library."text/csv" language sql immutable as $$
  select state || row_.id || ';' || row_.name || E'\n'
$$;
create aggregate library.genres_csv (library.genres) (sfunc = private.add_csv, stype = library."text/csv", initcond = E'id;name\n');

-- of any type: it makes whatever is asked for, and says what it made
create function private.add_card(state bytea, row_ library.cards) returns library."*/*" language plpgsql as $$
begin
  perform set_config('response.headers', '[{"Content-Type": "application/x-cards"}]', true);
  return state || convert_to(row_.number || ';', 'utf8');
end $$;
create aggregate library.any_cards (library.cards) (sfunc = private.add_card, stype = library."*/*", initcond = '');

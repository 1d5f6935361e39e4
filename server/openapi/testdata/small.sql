create schema api;
comment on schema api is E'Library\n\nBooks and who\nwrote them.';
create type api.genre as enum ('novel', 'poetry');
create table api.author (
  id int generated always as identity primary key,
  name varchar(40) not null
);
comment on table api.author is E'Authors\n\nThose who wrote.';
comment on column api.author.name is 'As on the cover';
create table api.book (
  isbn text primary key,
  title text not null,
  author_id int not null references api.author,
  genre api.genre not null default 'novel',
  price numeric(6, 2) default 9.5,
  tags text[],
  added timestamptz not null default now()
);
create view api.poems as select isbn, title from api.book where genre = 'poetry' with check option;
create materialized view api.titles as select distinct title from api.book;
create table api.secret (id int primary key);
create function api.search(query text, max int default 10) returns setof api.book language sql stable as 'select * from api.book';
comment on function api.search(text, int) is E'Find books\nBy title.';
create function api.search(query text, genre api.genre) returns setof api.book language sql stable as 'select * from api.book';
create function api.burn(variadic isbns text[]) returns void language sql as 'select 1';
create function api.hidden() returns int language sql as 'select 1';

grant usage on schema api to openapi_reader, openapi_writer;
grant select on api.author, api.poems, api.titles to openapi_reader;
grant select (isbn, title, author_id, genre) on api.book to openapi_reader;
grant select, insert, delete on api.book to openapi_writer;
grant update (title, price) on api.book to openapi_writer;
grant select (id), insert on api.author to openapi_writer;
revoke execute on all functions in schema api from public;
grant execute on function api.search(text, api.genre) to openapi_reader;
grant execute on function api.search(text, int), api.search(text, api.genre), api.burn to openapi_writer;

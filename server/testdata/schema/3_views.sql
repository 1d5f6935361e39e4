-- auto-updatable: relationships and keys come from its base table
create view library.printed_books as select id, title, year, binding, in_print from library.books where in_print with check option;

-- not updatable by itself; triggers make it so
create view library.shelf_labels as
  select b.id, upper(b.title) as label, count(l.*) as loans
  from library.books b left join library.loans l on l.book_id = b.id
  group by b.id, b.title;

create function private.label_written() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    delete from library.books where id = old.id;
    return old;
  elsif tg_op = 'UPDATE' then
    update library.books set title = new.label where id = old.id;
    return new;
  end if;
  insert into library.books (id, title) values (new.id, new.label);
  new.label := upper(new.label);
  return new;
end $$;
create trigger written instead of insert or update or delete on library.shelf_labels
  for each row execute function private.label_written();

create materialized view library.genre_sizes as
  select g.id as genre_id, g.name, count(bg.book_id) as books
  from library.genres g left join library.book_genres bg on bg.genre_id = g.id
  group by g.id, g.name with no data;

-- fails at a late row
create view library.broken_tail as select n, 10 / (20000 - n) as inverse, repeat('x', 90) as filling from generate_series(1, 20000) n;

-- a view over two tables keeps what it shows of the keys of both
create view library.credits as
  select ba.book_id, a.id as author_id, a.name as author_name
  from library.book_authors ba join library.authors a on a.id = ba.author_id;

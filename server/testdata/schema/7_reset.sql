-- private.reset() gives every table the rows that each case begins with.
create function private.reset() returns void language plpgsql as $$
begin
  truncate library.authors, library.books, library.book_authors, library.genres, library.book_genres, library.members,
    library.cards, library.loans, library.notes, library."Odd Shelf", library.reservations, library.rooms, archive.books,
    archive.folders restart identity cascade;

  insert into library.authors (name, born, country) values
    ('Ursula Le Guin', '1929-10-21', 'US'),
    ('Stanisław Lem', '1921-09-12', 'PL'),
    ('Arkady Strugatsky', '1925-08-28', 'RU'),
    ('Boris Strugatsky', '1933-04-14', 'RU'),
    ('Nobody Yet', null, null);
  insert into library.books (title, isbn, year, price, binding, tags, details, on_sale, in_print) values
    ('The Dispossessed', '9780060512750', 1974, 12.50, 'paperback', '{utopia,classic}', '{"pages": 387, "awards": ["Hugo", "Nebula"], "size": {"w": 11, "h": 18}}', '[2024-01-01,2024-02-01)', true),
    ('The Left Hand of Darkness', '9780441478125', 1969, 9.99, 'paperback', '{classic}', '{"pages": 304, "awards": ["Hugo"]}', '[2024-01-15,2024-03-01)', true),
    ('Solaris', '9780156027601', 1961, 11.00, 'ebook', '{classic,ocean}', '{"pages": 204, "awards": []}', null, true),
    ('The Cyberiad', null, 1965, null, 'hardcover', '{}', null, '[2024-05-01,2024-06-01)', false),
    ('Roadside Picnic', '9781613743416', 1972, 14.95, 'hardcover', '{zone}', '{"pages": 209, "size": null}', '[2024-02-01,2024-04-01)', true),
    ('Untitled (50% *off*)', null, null, 0, 'paperback', '{"a,b","c \"d\""}', '{"pages": "many"}', null, null);
  insert into library.book_authors values (1, 1, 'writer'), (2, 1, 'writer'), (3, 2, 'writer'), (4, 2, 'writer'), (5, 3, 'writer'), (5, 4, 'writer');
  insert into library.genres values (1, 'Fiction', null), (2, 'Science Fiction', 1), (3, 'Utopian', 2), (4, 'Satire', 1);
  insert into library.book_genres values (1, 2), (1, 3), (2, 2), (3, 2), (4, 2), (4, 4), (5, 2);
  insert into library.members values
    (1, 'Ann', '("1 High St",London,"{1,2}")', default, null),
    (2, 'Ben', '("2 Low Rd",Leeds,)', '2021-06-01 08:30:00+00', 1),
    (3, 'Cleo', null, '2022-03-04 05:06:07.89+00', 1);
  insert into library.cards values (1, 'C-001', '1111'), (2, 'C-002', '2222');
  insert into library.loans values
    (1, 1, 1, 3, '2023-05-01', '2023-05-20'), (2, 3, 1, null, '2023-06-01', null),
    (3, 1, 2, 3, '2024-01-10', '2024-01-31'), (4, 5, 2, 1, '2024-02-01', null);
  insert into library.notes (owner, book_id, body) values ('ann', 1, 'read again'), ('ann', 3, null), ('ben', 1, 'too long');
  insert into library."Odd Shelf" values ('one thing', 1, 10, 'a'), ('another, "quoted"', 2, 20, 'b(c)'), (null, 3, null, '');
  insert into library.rooms (floor, door, seats) values (1, 'A', 4), (1, 'B', 8), (2, 'A', 20);
  insert into archive.books values (1, 'Codex', 1), (2, 'Scroll', null);
  insert into archive.folders values (1, 'maps');
  analyze library.books; -- for planned counts
end $$;
select private.reset();
refresh materialized view library.genre_sizes;
analyze;

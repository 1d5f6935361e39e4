-- A few messages to look at. Run by a role that policies do not hold, such as the table's owner.
insert into api.chat (message_time, message_from, message_to, message_subject, message_body) values
  ('2026-01-05 09:00Z', 'alice', 'bob',   'Lunch?',     'At noon, the usual place.'),
  ('2026-01-05 09:05Z', 'bob',   'alice', 'Re: Lunch?', 'Gladly.'),
  ('2026-01-05 09:10Z', 'bob',   'carol', 'A surprise', 'Alice must not know: her cake is ready.');

-- Each password is the name, which is good enough for a demo and for nothing else.
insert into private.account (name, password_hash)
select person, private.crypt(person, private.gen_salt('bf', 8)) from unnest(array['alice', 'bob', 'carol']) as person;

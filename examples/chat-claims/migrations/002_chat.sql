-- The API serves what is in this schema and nothing else.
create schema api;

create table api.chat (
  message_uuid    uuid        primary key default gen_random_uuid(),
  message_time    timestamptz not null default now(),
  message_from    text        not null default current_setting('request.jwt.claims', true)::json->>'sub',
  message_to      text        not null,
  message_subject varchar(64) not null,
  message_body    text
);

-- What the policy asks of each row, once from either side.
create index on api.chat (message_from);
create index on api.chat (message_to);

-- You see what you sent and what was sent to you. What you write is from you.
--
-- The server sets request.jwt.claims to the claims of the verified token in each transaction. (select ...) makes PostgreSQL
-- read and parse them once a query; without it, once a row. A token without "sub" gives null, which equals nothing.
alter table api.chat enable row level security;
create policy chat_policy on api.chat
  using (
    message_to = (select current_setting('request.jwt.claims', true)::json->>'sub')
    or message_from = (select current_setting('request.jwt.claims', true)::json->>'sub')
  )
  with check (message_from = (select current_setting('request.jwt.claims', true)::json->>'sub'));

-- A policy filters rows, a grant allows actions. No grant, no action.
grant usage on schema api to chat_user;
grant select, insert, delete on api.chat to chat_user;

-- Of a message that is written its author may change these columns. The policy alone would let bob make a message from
-- alice to him his own: he sees it, and afterwards it would be from him.
grant update (message_to, message_subject, message_body) on api.chat to chat_user;

-- Tells a server that is running.
notify pgrst, 'reload schema';

---- create above / drop below ----

drop table api.chat;
drop schema api;
notify pgrst, 'reload schema';

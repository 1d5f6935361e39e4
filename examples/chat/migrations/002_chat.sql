-- The API serves what is in this schema and nothing else: not the table with the version of the migrations, and not what an
-- extension puts into public.
create schema api;

create table api.chat (
  message_uuid    uuid        primary key default gen_random_uuid(),
  message_time    timestamptz not null default now(),
  message_from    name        not null default current_user,
  message_to      name        not null,
  message_subject varchar(64) not null,
  message_body    text
);

-- What the policy asks of each row, once from either side.
create index on api.chat (message_from);
create index on api.chat (message_to);

-- You see what you sent and what was sent to you. What you write is from you.
alter table api.chat enable row level security;
create policy chat_policy on api.chat
  using (message_to = current_user or message_from = current_user)
  with check (message_from = current_user);

-- A policy filters rows, a grant allows actions. No grant, no action: whoever is not named here gets nothing.
grant usage on schema api to alice, bob, carol;
grant select, insert, delete on api.chat to alice, bob, carol;

-- Of a message that is written its author may change these columns. The policy alone would let bob make a message from
-- alice to him his own: he sees it, and afterwards it would be from him.
grant update (message_to, message_subject, message_body) on api.chat to alice, bob, carol;

-- Tells a server that is running.
notify pgrst, 'reload schema';

---- create above / drop below ----

drop table api.chat;
drop schema api;
notify pgrst, 'reload schema';

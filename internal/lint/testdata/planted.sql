-- A database built to be bad, for web_login, which callers' roles web_user and web_admin and the anonymous web_anon belong to. The
-- faults are listed in planted_test.go.
alter role web_login inherit createrole;
alter role web_admin bypassrls createdb;
alter role web_user login;
alter role web_anon reset statement_timeout;
create role worker nologin;
grant worker to web_login, web_anon;
grant create on schema api to public;
create schema private;
create schema auth;

create function auth.uid() returns text stable language sql as $$ select current_setting('request.jwt.claims', true)::json ->> 'sub' $$;
create function auth.secret() returns text stable language sql security definer as $$ select 'x'::text $$;
revoke execute on function auth.secret() from public;

create table private.account (id int primary key, owner text, balance int);
alter table private.account enable row level security;
create policy own on private.account using (owner = current_user);
create table private.log (id int primary key);
grant select on private.log to web_login;

create table api.country (name text);
grant select on api.country to public;
create table api.ignored (id int primary key, owner text);
create policy own on api.ignored using (owner = current_user);
create table api.shut (id int primary key);
alter table api.shut enable row level security;
grant select on api.shut to web_user;
create table api.half (id int primary key, owner text);
alter table api.half enable row level security;
grant select, delete on api.half to web_user;
create policy read on api.half for select to web_user using (owner = auth.uid());
create policy change on api.half for update to worker using (owner = current_user);
create table api.owned (id int primary key, owner text);
alter table api.owned enable row level security;
create policy own on api.owned using (owner = current_user);
alter table api.owned owner to web_user;

create table api.team (id int primary key, name text);
create table api.member (team int references api.team, person text, primary key (person, team));
alter table api.team enable row level security;
alter table api.member enable row level security;
grant select on api.team, api.member to web_user;
create policy members on api.team for select using (exists (select from api.member m where m.team = id and m.person = current_user));
create policy same_team on api.member for select using (team in (select m.team from api.member m where m.person = current_user));

create table api.invoice (id int primary key, account int);
alter table api.invoice enable row level security;
grant select on api.invoice to web_user;
create policy own on api.invoice for select using (account in (select a.id from private.account a));
create policy secret on api.invoice for select using ((select auth.secret()) = 'x');

create table api.message (id serial primary key, sender text, receiver text, plan text, tenant text, number uuid, deleted date);
alter table api.message enable row level security;
grant all on api.message to web_user;
grant insert on api.message to web_anon;
create policy either on api.message to web_user using (sender = current_user or receiver = current_user);
create policy twice on api.message for select to web_user using (sender = current_user or receiver = current_user);
create policy away on api.message for update to web_user using (sender = current_user) with check (true);
create policy all_of_them on api.message for delete to web_user using (true);
create policy never on api.message for select to web_user using (deleted = null);
create policy login on api.message for select to web_user using (sender = session_user);
create policy plan on api.message for select to web_user using (plan = (select current_setting('request.jwt.claims', true)::json -> 'user_metadata' ->> 'plan'));
create policy tenant on api.message for select to web_user using (tenant = (select current_setting('request.headers', true)::json ->> 'x-tenant'));
create policy strict on api.message for select to web_user using (tenant = (select current_setting('app.tenant')));
create policy number on api.message for select to web_user using (number::text = (select current_setting('request.jwt.claims', true)::json ->> 'sub'));
create policy anybody on api.message for insert to web_anon with check (true);

create table api.narrow (id int primary key, owner text);
alter table api.narrow enable row level security;
create policy narrow on api.narrow as restrictive for select using (owner = current_user);
create table api.blind (id int primary key, owner text);
alter table api.blind enable row level security;
grant update on api.blind to web_user;
create policy own on api.blind for update using (owner = current_user);

create table api.person (id int primary key, name text, password_hash text, account int references private.account);
alter table api.person enable row level security;
create policy everybody on api.person for select using (true);
grant select on api.person to web_anon;

create view api.accounts as select * from private.account;
create materialized view api.totals as select 1 as total;
create foreign data wrapper nothing;
create server elsewhere foreign data wrapper nothing;
create foreign table api.remote (id int) server elsewhere;
grant select on api.accounts, api.totals, api.remote to web_user;

create function api.everything() returns int language sql security definer as 'select 1';
create function api.helper(n int) returns int language sql as 'select 1';
create extension pg_trgm schema api;
create role stranger nologin;
grant stranger to web_login;
grant select on api.half to stranger;
revoke usage on schema api from public;

create table private.member (team int, who text);
grant usage on schema private to web_user;
grant select on private.member to web_user;
create table api.doc (id int primary key, team int, owner text, state text not null);
alter table api.doc enable row level security;
grant select, insert, update, delete on api.doc to web_user;
create policy captured on api.doc for select using (exists (select 1 from private.member m where team = m.team and m.who = current_user));
create policy taken on api.doc for update using (true) with check (owner = current_user);
create policy given on api.doc for update using (owner = current_user) with check (owner is not null);
create policy equal on api.doc for delete using (1 = 1);
create policy absent on api.doc for insert with check (state is null);
create function auth.is_admin() returns boolean stable language sql as $$ select current_setting('request.jwt.claims', true)::jsonb -> 'user_metadata' ->> 'admin' = 'yes' $$;
create policy admin on api.doc for select using ((select auth.is_admin()));
create function auth.teams() returns setof int stable language sql as $$ select team from api.doc where owner = current_user $$;
create policy teams on api.doc for select using (team in (select auth.teams()));
create view private.inside as select * from private.account;
create view api.outside as select * from private.inside;
create view api.box as select * from private.account;
grant select on api.outside to web_user;
grant insert on api.box to web_user;
create schema scratch;
grant create, usage on schema scratch to web_user;
create function auth.scratch() returns int language sql security definer set search_path = scratch as 'select 1';
create table private.numbered (id serial primary key);
create view api.numbered as select * from private.numbered;
grant insert on api.numbered to web_user;
create policy signed_in on api.doc for delete using ((select current_setting('request.jwt.claims', true)::json ->> 'sub') is not null);
create table api.whole (id int primary key, owner text);
create index on api.whole (owner);
alter table api.whole enable row level security;
create policy own on api.whole using (owner = current_user);
grant select on api.whole to web_user;
create table private.part () inherits (api.whole);
create view api.part as select * from private.part;
grant select on api.part to web_user;

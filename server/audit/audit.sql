-- The audit log: a row for each request, of any number of servers.
--
-- Run this once a database, as the role that shall own the log, which is not the one that Postern logs in as. Then let
-- that one, here authenticator, add rows, and those who shall read the log, here auditor, read:
--
--   grant usage on schema postern_audit to authenticator, auditor;
--   grant execute on function postern_audit.write(json) to authenticator;
--   grant select on postern_audit.request_log to auditor;
--
-- No role but the owner can change or delete rows. To forget old ones, let the owner run now and then:
--
--   delete from postern_audit.request_log where time < now() - interval '90 days';
--
-- Running this file again does no harm. To undo it: drop schema postern_audit cascade;

create schema if not exists postern_audit;
revoke all on schema postern_audit from public;

create table if not exists postern_audit.request_log (
  writer uuid not null,                       -- one run of one server
  number bigint not null,                     -- of the entry in that run, from 1; a number that is missing was lost
  time timestamptz not null,
  request_id text,
  subject text,
  issuer text,
  token_id text,
  role text,
  action text,
  schema text,
  resource text,
  filters text[],
  rows bigint,
  status integer,
  code text,
  duration_ms numeric,
  remote text,
  written timestamptz not null default now(), -- by the database's clock
  primary key (writer, number)
);
create index if not exists request_log_time on postern_audit.request_log using brin (time);
revoke all on postern_audit.request_log from public;

-- Adds rows, an array of objects with the table's columns but the last. Rows that are there already stay as they are, so
-- that a server may send again what it got no answer for.
create or replace function postern_audit.write(rows json) returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  insert into postern_audit.request_log (writer, number, time, request_id, subject, issuer, token_id, role, action, schema,
    resource, filters, rows, status, code, duration_ms, remote)
  select r.writer, r.number, r.time, nullif(r.request_id, ''), nullif(r.subject, ''), nullif(r.issuer, ''),
    nullif(r.token_id, ''), nullif(r.role, ''), nullif(r.action, ''), nullif(r.schema, ''), nullif(r.resource, ''),
    r.filters, r.rows, r.status, nullif(r.code, ''), r.duration_ms, nullif(r.remote, '')
  from json_to_recordset(write.rows) as r (writer uuid, number bigint, time timestamptz, request_id text, subject text,
    issuer text, token_id text, role text, action text, schema text, resource text, filters text[], rows bigint,
    status integer, code text, duration_ms numeric, remote text)
  on conflict do nothing
$$;

revoke all on function postern_audit.write(json) from public;

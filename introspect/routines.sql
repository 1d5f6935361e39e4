-- $1 oid[]: the exposed schemas; $2 text[]: regular expressions of settings to hoist.
--
-- Functions only: procedures, aggregates and window functions cannot be called over the API, and neither can triggers.
-- Without a list of privileges everyone, 0, may execute a function (PostgreSQL manual, 5.8 Privileges).
--
-- Their parameters come as stored. proargtypes has the input parameters alone, proallargtypes all of them but only if there are
-- others; proargnames and proargmodes go with the longer of the two. Most functions have no settings, hence the CASE.
select
  p.oid,
  n.nspname,
  p.proname,
  p.proargtypes::oid[],
  p.proallargtypes,
  p.proargmodes,
  p.proargnames,
  p.pronargdefaults,
  p.provariadic <> 0,
  p.prorettype,
  p.proretset,
  p.provolatile,
  case when p.proconfig is not null then array(select s from unnest(p.proconfig) s where s ~ any ($2::text[])) end,
  case when p.proconfig is not null then (select split_part(s, '=', 2) from unnest(p.proconfig) s where starts_with(s, 'default_transaction_isolation=')) end,
  d.description,
  case
    when p.proacl is null then array[0::oid, p.proowner]
    else array(select p.proowner union select a.grantee from aclexplode(p.proacl) a)
  end
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace
left join pg_description d on d.objoid = p.oid and d.objsubid = 0 and d.classoid = 'pg_proc'::regclass
where p.pronamespace = any ($1::oid[])
  and p.prokind = 'f'
  and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
order by n.nspname, p.proname, p.oid

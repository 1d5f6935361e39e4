-- Functions that run without being named, by an operator, a cast, an index or a type's input and output. First what it
-- is: o an operator, c a cast, d a cast of or to a domain, i an operator class, t a type; its oid (0 if it has none that trees
-- mention), its name and schema; the functions; and the types: those that it is for, or that it is made of.
--
-- A cast that applies by itself to a built-in type has that type alone in its list. PostgreSQL ignores casts of domains, which
-- only statements call that use them as representations.
select 'o', o.oid, o.oprname, o.oprnamespace, array[o.oprcode, o.oprrest, o.oprjoin]::oid[], array[o.oprleft, o.oprright]
from pg_operator o
where o.oid >= 16384
union all
select
  case when 'd' in (source.typtype, target.typtype) then 'd' else 'c' end, 0, null, 0, array[c.castfunc],
  case when c.castcontext = 'i' and source.oid < 16384 and 'd' not in (source.typtype, target.typtype) then array[source.oid] else array[source.oid, target.oid] end
from pg_cast c
join pg_type source on source.oid = c.castsource
join pg_type target on target.oid = c.casttarget
where c.castfunc >= 16384
union all
select 'i', 0, null, 0, array[p.amproc]::oid[], null
from pg_amproc p
where p.amproc >= 16384
union all
select
  't', t.oid, t.typname, t.typnamespace,
  array[t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout, t.typanalyze, t.typsubscript]::oid[],
  array[t.typbasetype]
from pg_type t
where t.oid >= 16384 and (t.typtype = 'd' or t.typtype = 'b' and t.typinput >= 16384)
union all
select 't', r.rngtypid, t.typname, t.typnamespace, array[r.rngcanonical, r.rngsubdiff]::oid[], array[r.rngsubtype]
from pg_range r
join pg_type t on t.oid = r.rngtypid
where r.rngtypid >= 16384
union all
select 't', r.rngmultitypid, t.typname, t.typnamespace, null, array[r.rngtypid]
from pg_range r
join pg_type t on t.oid = r.rngmultitypid
where r.rngtypid >= 16384

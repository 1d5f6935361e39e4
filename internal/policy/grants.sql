-- All privileges on schemas, relations, columns, sequences and functions. Where no list is kept the defaults hold, which
-- acldefault gives: all for the owner, and for PUBLIC the use of functions. A grantee of 0 is PUBLIC.
with objects (kind, object, part, acl) as (
  select 'n', n.oid, 0, coalesce(n.nspacl, acldefault('n', n.nspowner))
  from pg_namespace n
  union all
  select case c.relkind when 'S' then 'S' else 'r' end, c.oid, 0,
    coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's'::"char" else 'r'::"char" end, c.relowner))
  from pg_class c
  where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    and c.relnamespace in (select oid from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema')
  union all
  select 'c', a.attrelid, a.attnum, a.attacl
  from pg_attribute a
  where a.attacl is not null and a.attnum > 0 and not a.attisdropped
  union all
  select 'f', p.oid, 0, coalesce(p.proacl, acldefault('f', p.proowner))
  from pg_proc p
  where p.pronamespace in (select oid from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema')
)
select o.kind, o.object, o.part, x.grantee, x.privilege_type, x.is_grantable
from objects o, aclexplode(o.acl) x
order by o.kind, o.object, o.part, x.grantee, x.privilege_type

-- The enums, domains and composite types outside the system's schemas, and the row types of relations, of which only the name
-- is needed.
select
  n.nspname,
  t.typname,
  format_type(t.oid, null),
  case when t.typtype = 'd' then format_type(t.typbasetype, t.typtypmod) end,
  case when t.typtype = 'e' then array(select e.enumlabel::text from pg_enum e where e.enumtypid = t.oid order by e.enumsortorder) end,
  case when c.relkind = 'c' then array(
    select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum
  ) end,
  case when c.relkind = 'c' then array(
    select format_type(a.atttypid, a.atttypmod) from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum
  ) end
from pg_type t
join pg_namespace n on n.oid = t.typnamespace
left join pg_class c on c.oid = t.typrelid
where t.typtype in ('e', 'd', 'c')
  and n.nspname <> 'information_schema'
  and n.nspname !~ '^pg_'
  and (c.oid is null or c.relkind in ('c', 'r', 'p', 'v', 'm', 'f') and not c.relispartition)
order by n.nspname, t.typname

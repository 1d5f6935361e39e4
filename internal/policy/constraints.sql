-- Primary keys, unique constraints and foreign keys. A partition's foreign keys repeat those of its parent.
select
  k.conrelid,
  k.conname,
  k.contype::text,
  k.conkey::int4[],
  k.confrelid,
  coalesce(k.confkey, '{}')::int4[],
  k.confdeltype::text
from pg_constraint k
join pg_class c on c.oid = k.conrelid
join pg_namespace n on n.oid = c.relnamespace
where k.contype in ('p', 'u', 'f')
  and k.conparentid = 0
  and n.nspname !~ '^pg_'
  and n.nspname <> 'information_schema'
order by k.conrelid, k.conname

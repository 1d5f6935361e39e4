-- The expression of a default may stand for a generated column. NOT NULL says nothing of a table's rows where it was not validated
-- (PostgreSQL 18), or where heirs of the table may be without it.
select
  a.attrelid,
  a.attnum,
  a.attname,
  format_type(a.atttypid, a.atttypmod),
  a.attnotnull,
  a.attidentity::text,
  a.attgenerated::text,
  coalesce(pg_get_expr(d.adbin, d.adrelid), ''),
  a.atttypid,
  a.attnotnull and c.relkind in ('r', 'p') and not (c.relkind = 'r' and c.relhassubclass) and not exists (
    select
    from pg_constraint k
    where k.conrelid = a.attrelid and k.contype = 'n' and a.attnum = any (k.conkey) and not k.convalidated
  )
from pg_attribute a
join pg_class c on c.oid = a.attrelid
join pg_namespace n on n.oid = c.relnamespace
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where c.relkind in ('r', 'p', 'v', 'm', 'f')
  and a.attnum > 0
  and not a.attisdropped
  and n.nspname !~ '^pg_'
  and n.nspname <> 'information_schema'
order by a.attrelid, a.attnum

-- The expression of a default may stand for a generated column.
select
  a.attrelid,
  a.attnum,
  a.attname,
  format_type(a.atttypid, a.atttypmod),
  a.attnotnull,
  a.attidentity::text,
  a.attgenerated::text,
  coalesce(pg_get_expr(d.adbin, d.adrelid), ''),
  a.atttypid
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

-- $1 oid[], $2 int4[]: pairs of relation and column number, those columns of keys that columns.sql did not return because
-- their relation is not exposed. The relation's name is there for partitions, which relations.sql leaves out.
select a.attrelid, a.attnum, a.attname, n.nspname, c.relname
from unnest($1::oid[], $2::int4[]) as k (relation, number)
join pg_attribute a on a.attrelid = k.relation and a.attnum = k.number
join pg_class c on c.oid = a.attrelid
join pg_namespace n on n.oid = c.relnamespace

-- Sequences that a column's default draws from, whoever owns them.
select f.adrelid, f.adnum, d.refobjid
from pg_attrdef f
join pg_depend d on d.classid = 'pg_attrdef'::regclass and d.objid = f.oid and d.refclassid = 'pg_class'::regclass
join pg_class s on s.oid = d.refobjid and s.relkind = 'S'
order by 1, 2, 3

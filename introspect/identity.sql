-- The defaults of identity columns: there is no expression in pg_attrdef, but a sequence that depends on the column internally
-- ('i'). The sequence is named by joins, since a cast to regclass looks up one by one.
select p.refobjid, p.refobjsubid, format('nextval(%L)', quote_ident(n.nspname) || '.' || quote_ident(s.relname))
from pg_depend p
join pg_class s on s.oid = p.objid
join pg_namespace n on n.oid = s.relnamespace
where p.classid = 'pg_class'::regclass
  and p.refclassid = 'pg_class'::regclass
  and p.deptype = 'i'
  and s.relkind = 'S'

-- The expressions come three times: as plain SQL, as such with fewer parentheses, and as the tree, in which objects stand by oid.
select
  p.oid,
  p.polrelid,
  p.polname,
  p.polcmd::text,
  p.polpermissive,
  p.polroles,
  coalesce(pg_get_expr(p.polqual, p.polrelid), ''),
  coalesce(pg_get_expr(p.polwithcheck, p.polrelid), ''),
  coalesce(pg_get_expr(p.polqual, p.polrelid, true), ''),
  coalesce(pg_get_expr(p.polwithcheck, p.polrelid, true), ''),
  coalesce(p.polqual::text, ''),
  coalesce(p.polwithcheck::text, '')
from pg_policy p
order by p.polrelid, p.polname

-- $1 oid[]: rows of pg_attrdef.
--
-- Expressions are shown with relation 0, "refers to no column", which defaults never do: it spares a look-up of each relation's
-- name.
select e.oid, pg_get_expr(e.adbin, 0)
from pg_attrdef e
where e.oid = any ($1::oid[])

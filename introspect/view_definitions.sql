-- $1 oid[]: the exposed schemas and those of the extra search path, in which keys are followed.
--
-- A view's query is the action of its SELECT rule (ev_type '1'), as a tree in text form, which Go reads: it tells which
-- relation's column an output column shows (parseTargets), even through subqueries, joins and WITH, and what else the view uses
-- (mentions). pg_depend would tell only that a view uses a column, not where. Rules for INSERT, UPDATE and DELETE show
-- nothing.
select r.ev_class, c.relkind, c.relnamespace = any ($1::oid[]), r.ev_action::text
from pg_class c
join pg_rewrite r on r.ev_class = c.oid and r.ev_type = '1'
where c.relkind in ('v', 'm') and c.oid >= 16384
order by c.oid

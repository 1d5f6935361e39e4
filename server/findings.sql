-- What anybody may see or run past row-level security, in the exposed schemas ($1), by the anonymous role ($2). What belongs to an
-- extension is its author's business.
with recursive anonymous as (
  select oid from pg_catalog.pg_roles where rolname = $2
), exposed as (
  select c.oid, c.relkind, c.relrowsecurity, c.relnamespace, pg_catalog.format('%I.%I', n.nspname, c.relname) as name,
    coalesce((select o.option_value::bool from pg_catalog.pg_options_to_table(c.reloptions) o where o.option_name = 'security_invoker'), false) as invoker
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any($1) and c.relkind in ('r', 'p', 'v', 'm') and not exists (
    select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
), below(view, oid) as (
  select e.oid, e.oid from exposed e where e.relkind in ('v', 'm') and not e.invoker
  union
  select b.view, d.refobjid
  from below b join pg_catalog.pg_rewrite w on w.ev_class = b.oid
    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_catalog.pg_class'::regclass
)
select 'table' as kind, e.name
from exposed e, anonymous a
where e.relkind in ('r', 'p') and not e.relrowsecurity and pg_catalog.has_schema_privilege(a.oid, e.relnamespace, 'usage')
  and pg_catalog.has_any_column_privilege(a.oid, e.oid, 'select')
union all
select 'view', e.name
from exposed e
where exists (select from below b join pg_catalog.pg_class c on c.oid = b.oid where b.view = e.oid and c.relrowsecurity)
union all
select 'function', pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid))
from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace, anonymous a
where n.nspname = any($1) and p.prosecdef and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
  and pg_catalog.has_schema_privilege(a.oid, n.oid, 'usage') and pg_catalog.has_function_privilege(a.oid, p.oid, 'execute')
  and not exists (
    select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
order by 1, 2

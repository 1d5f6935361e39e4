-- $1 text: the exposed schema. Run as the caller's role, with its search path.
--
-- What the role may use of the schema, a row each: relations (r) on which it has any privilege, and functions (f) that it may
-- execute; nothing if it may not use the schema. Of a relation: the commands that it has for the whole relation, by their letters in access lists (r SELECT,
-- a INSERT, w UPDATE, d DELETE; PostgreSQL manual, 5.8 Privileges), and in JSON the columns that it has them for otherwise. Of
-- a function: in JSON the types of its parameters as the search path shows them, and, if it is overloaded, their full names.
--
-- Few relations have privileges on columns, and asking for them is slow. So those that have any are found first, and a CASE
-- keeps the planner from asking for the others.
with
  target as materialized (select oid from pg_namespace where nspname = $1::text and has_schema_privilege(oid, 'USAGE')),
  listed as materialized (select distinct attrelid from pg_attribute where attacl is not null and attnum > 0)
select
  'r' as kind,
  c.relname as name,
  concat(
    case when has_table_privilege(c.oid, 'SELECT') then 'r' end,
    case when has_table_privilege(c.oid, 'INSERT') then 'a' end,
    case when has_table_privilege(c.oid, 'UPDATE') then 'w' end,
    case when has_table_privilege(c.oid, 'DELETE') then 'd' end
  ) as commands,
  case when listed.attrelid is not null then (
    select json_build_object(
      'r', json_agg(a.attname) filter (where has_column_privilege(c.oid, a.attnum, 'SELECT')),
      'a', json_agg(a.attname) filter (where has_column_privilege(c.oid, a.attnum, 'INSERT')),
      'w', json_agg(a.attname) filter (where has_column_privilege(c.oid, a.attnum, 'UPDATE'))
    )
    from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  ) end as details
from pg_class c
left join listed on listed.attrelid = c.oid
where c.relnamespace = (select oid from target)
  and c.relkind in ('r', 'p', 'v', 'm', 'f')
  and not c.relispartition
  and (
    has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
    or pg_has_role(c.relowner, 'USAGE')
    or case when listed.attrelid is not null then has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES') end
  )
union all
select
  'f',
  p.proname,
  '',
  json_build_object(
    'types', p.proargtypes::regtype[]::text[],
    'identity', case when p.overloads > 1 then (pg_identify_object_as_address('pg_proc'::regclass, p.oid, 0)).object_args end
  )
from (
  select oid, proname, proargtypes, count(*) over (partition by proname) as overloads
  from pg_proc
  where pronamespace = (select oid from target) and prokind = 'f'
) p
where has_function_privilege(p.oid, 'EXECUTE')

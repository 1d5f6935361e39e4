-- $1 oid[]: the exposed schemas.
--
-- Relations of all schemas but the system's: a junction table or a view's base table may well be unexposed. Partitions are
-- left out, since their partitioned table stands for them. Schemas whose names begin with pg_ are the system's by rule;
-- among them are the temporary tables of other sessions.
--
-- pg_relation_is_updatable parses a view's definition, and so it is asked once, for views and foreign tables that are exposed.
-- It returns a mask of the commands that the relation accepts, triggers included: 1 << command, which makes 4 UPDATE, 8 INSERT
-- and 16 DELETE. 32 is set if triggers or rules of a view may do its writes. Tables accept all; materialized views, none. A foreign table whose wrapper has no handler can do nothing, and
-- asking would be an error that made the whole catalog unreadable.
--
-- The type of its rows comes as oid and as SQL text, as format_type would name it: functions that return rows are many.
--
-- Those who have a privilege on the relation come by oid, 0 being PUBLIC. Without a list of privileges only its owner has any. There
-- are few different lists, so each is taken apart once.
select
  c.oid,
  n.nspname,
  c.relname,
  c.relkind,
  c.reltype,
  quote_ident(n.nspname) || '.' || quote_ident(c.relname),
  case
    when c.relkind in ('r', 'p') then 28
    when c.relkind in ('v', 'f') and c.relnamespace = any ($1::oid[]) and (
      c.relkind = 'v' or exists (
        select
        from pg_foreign_table t
        join pg_foreign_server s on s.oid = t.ftserver
        join pg_foreign_data_wrapper w on w.oid = s.srvfdw
        where t.ftrelid = c.oid and w.fdwhandler <> 0
      )
    ) then pg_relation_is_updatable(c.oid, true) & 28
    else 0
  end | case
    when c.relkind = 'v' and (c.relhastriggers or exists (select from pg_rewrite r where r.ev_class = c.oid and r.ev_type <> '1')) then 32
    else 0
  end,
  d.description,
  case
    when c.relnamespace <> all ($1::oid[]) then null
    else c.relowner || g.grantees
  end
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join pg_description d on d.objoid = c.oid and d.objsubid = 0 and d.classoid = 'pg_class'::regclass
left join (
  select l.relacl, array(select distinct a.grantee from aclexplode(l.relacl) a) as grantees
  from (select distinct relacl from pg_class where relacl is not null and relnamespace = any ($1::oid[])) l
) g on g.relacl = c.relacl
where c.relkind in ('r', 'p', 'v', 'm', 'f')
  and not c.relispartition
  and n.nspname !~ '^pg_'
  and n.nspname <> 'information_schema'
order by n.nspname, c.relname

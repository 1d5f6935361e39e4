-- $1 oid[]: the operators. Strategy 3 of a B-tree's operator family is equality; <> has none, so 6 stands for it. Strategies are told
-- only of the system's own operators for two values of one type.
select
  o.oid,
  o.oprname,
  exists (
    select
    from pg_amop a
    join pg_am m on m.oid = a.amopmethod
    where a.amopopr = o.oid and a.amopstrategy = 3 and m.amname = 'btree'
  ),
  o.oprcom,
  case when o.oprleft = o.oprright and o.oprnamespace = 'pg_catalog'::regnamespace then coalesce(
    (select min(a.amopstrategy)
     from pg_amop a
     join pg_am m on m.oid = a.amopmethod
     where a.amopopr = o.oid and m.amname = 'btree'
     having min(a.amopstrategy) = max(a.amopstrategy)),
    (select 6
     from pg_amop a
     join pg_am m on m.oid = a.amopmethod
     where a.amopopr = o.oprnegate and a.amopstrategy = 3 and m.amname = 'btree'
     limit 1), 0) else 0 end
from pg_operator o
where o.oid = any ($1::oid[])

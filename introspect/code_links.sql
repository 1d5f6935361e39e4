-- Relations that a command on another one reaches: partitions and inheriting tables, and tables whose foreign keys say what is to
-- happen to their rows. First the relation that is reached, its name and the command on it (1 SELECT, 2 INSERT, 4 UPDATE,
-- 8 DELETE, or several; 15 stands for the same command; an insert sets defaults), then the other one and the command on that.
select i.inhrelid, c.relname, 15, i.inhparent, 15
from pg_inherits i
join pg_class c on c.oid = i.inhrelid and c.relkind in ('r', 'p', 'f')
union all
select conrelid, null, case confdeltype when 'c' then 8 when 'n' then 4 else 6 end, confrelid, 8
from pg_constraint
where contype = 'f' and confdeltype in ('c', 'n', 'd')
union all
select conrelid, null, case confupdtype when 'd' then 6 else 4 end, confrelid, 4
from pg_constraint
where contype = 'f' and confupdtype in ('c', 'n', 'd')

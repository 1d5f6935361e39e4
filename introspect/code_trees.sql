-- Expressions that run with a relation's rows or a domain's values, as trees: what they belong to, whether that is a type, the
-- commands that they run with (1 SELECT, 2 INSERT, 4 UPDATE, 8 DELETE) and the tree. Those of columns are in defaults.sql.
--
-- A SELECT policy also holds for rows that other commands read or return. Planning may evaluate the expressions of
-- check constraints, indexes and partition keys, so they count for all commands.
select polrelid, false, case polcmd when 'a' then 2 when 'w' then 4 when 'd' then 8 else 15 end, concat_ws(' ', polqual, polwithcheck)
from pg_policy
union all
select conrelid, false, 15, concat_ws(' ', conbin, conexclop)
from pg_constraint
where contype in ('c', 'x') and conrelid >= 16384
union all
select contypid, true, 15, conbin::text
from pg_constraint
where contypid >= 16384
union all
select indrelid, false, 15, concat_ws(' ', indexprs, indpred)
from pg_index
where (indexprs is not null or indpred is not null) and indrelid >= 16384
union all
select partrelid, false, 15, partexprs::text
from pg_partitioned_table
where partexprs is not null
union all
select oid, true, 15, typdefaultbin::text
from pg_type
where typtype = 'd' and typdefaultbin is not null and oid >= 16384

-- All schemas but the system's. Those whose names begin with pg_ are the system's by rule.
select n.oid, n.nspname, n.nspowner
from pg_namespace n
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by n.nspname

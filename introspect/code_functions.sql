-- Functions of all schemas that are not built in, and the built-in ones that are not harmless.
--
-- What a function is made of: the text of one in SQL, or the tree of one whose body was parsed when it was made; the trees of its
-- parameters' defaults; and the types that it takes and returns, whose domains' constraints run with it. For an aggregate it is
-- the functions that it calls. Functions in C count by the extension that they came with, those of language internal by the
-- built-in function whose code they share.
--
-- Built-in functions that are not volatile neither change the session nor call what is not built in (PostgreSQL manual, 38.7 Function
-- Volatility Categories), but for those that run queries or input functions given as text. Of the volatile ones the
-- harmless are named: the rest set parameters, take locks, return what is in the session, or are for administrators. nextval and
-- setval leave a value for currval and lastval; those two are among the rest. to_regclass and its like only look up.
select
  p.oid,
  p.proname,
  p.pronamespace,
  l.lanname,
  case
    when l.lanname = 'c' then (
      select e.extname
      from pg_depend d
      join pg_extension e on e.oid = d.refobjid
      where d.classid = 'pg_proc'::regclass
        and d.objid = p.oid
        and d.refclassid = 'pg_extension'::regclass
        and d.deptype = 'e'
    )
  end,
  p.provolatile,
  p.prokind,
  case when l.lanname = 'sql' and p.prosqlbody is null or l.lanname = 'internal' then p.prosrc end,
  p.prosqlbody::text,
  p.proargdefaults::text,
  case when p.proallargtypes is null then p.proargtypes::oid[] else p.proallargtypes end || p.prorettype,
  case
    when p.prokind = 'a' then (
      select array[
        a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn
      ]::oid[]
      from pg_aggregate a
      where a.aggfnoid = p.oid
    )
  end
from pg_proc p
join pg_language l on l.oid = p.prolang
where p.oid >= 16384
   or p.pronamespace = 'pg_catalog'::regnamespace and (
     p.proname ~ '_to_xml(_|schema|$)'
     or p.proname in ('pg_input_is_valid', 'pg_input_error_info', 'ts_rewrite')
     or p.provolatile = 'v'
       and p.prokind = 'f'
       and p.prorettype not in ('trigger'::regtype, 'index_am_handler'::regtype, 'table_am_handler'::regtype, 'tsm_handler'::regtype)
       and p.proname !~ '^(random|uuidv|pg_sleep|pg_advisory_xact_|pg_try_advisory_xact_|pg_current_wal_|pg_stat_get_)'
       and p.proname not in (
         'clock_timestamp', 'timeofday', 'gen_random_uuid', 'nextval', 'setval', 'pg_notify', 'pg_is_in_recovery', 'pg_blocking_pids',
         'pg_sequence_last_value', 'pg_relation_size', 'pg_total_relation_size', 'pg_table_size', 'pg_indexes_size',
         'pg_database_size', 'txid_status', 'pg_xact_status', 'pg_xact_commit_timestamp', 'pg_partition_tree', 'pg_lock_status'
       )
   )

-- Primary keys, unique keys and foreign keys of all schemas, with their columns by number.
--
-- A foreign key on a partitioned table is repeated for each partition, on either side; those copies have a parent. Unique
-- keys likewise. The primary keys of partitions are kept, because a view may read a partition.
select c.conrelid, c.conname, c.contype, c.conkey, c.confrelid, c.confkey
from pg_constraint c
where c.contype = 'p' or (c.contype in ('u', 'f') and c.conparentid = 0)
order by c.conrelid, c.conname, c.oid

-- $1 oid[]: tables that exposed views read, and that are not exposed themselves.
--
-- Those of their columns that no value can be given for, or that were declared as arrays of several dimensions.
select attrelid, attnum, attgenerated <> '' or attidentity = 'a', attndims > 1
from pg_attribute
where attrelid = any ($1::oid[])
  and attnum > 0
  and not attisdropped
  and (attgenerated <> '' or attidentity = 'a' or attndims > 1)

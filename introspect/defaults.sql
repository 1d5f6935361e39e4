-- $1 oid[]: the relations whose columns are known.
--
-- The expressions of columns' defaults, and of generated columns, as trees. Showing a tree as SQL costs much, and most are the same for
-- many columns; so Go asks for the SQL of those that differ (default_expressions.sql). Of relations that are not known it comes whether
-- the column is generated.
select
  e.oid,
  e.adrelid,
  e.adnum,
  e.adbin::text,
  case
    when e.adrelid = any ($1::oid[]) then ''
    else (select a.attgenerated from pg_attribute a where a.attrelid = e.adrelid and a.attnum = e.adnum)
  end
from pg_attrdef e

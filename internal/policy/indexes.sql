-- Key columns only, not those that are included; 0 is an expression. One that is not valid serves no query.
select
  i.indrelid,
  c.relname,
  i.indisunique,
  i.indisprimary,
  i.indpred is not null,
  am.amname,
  array(select k::int4 from unnest(i.indkey) with ordinality as u (k, place) where place <= i.indnkeyatts order by place),
  case when i.indexprs is null then '' else pg_get_indexdef(i.indexrelid) end,
  coalesce(i.indexprs::text, '')
from pg_index i
join pg_class c on c.oid = i.indexrelid
join pg_am am on am.oid = c.relam
join pg_namespace n on n.oid = c.relnamespace
where i.indisvalid
  and n.nspname !~ '^pg_'
  and n.nspname <> 'information_schema'
order by i.indrelid, c.relname

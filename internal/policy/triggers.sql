-- Triggers that people made. tgtype is a bit mask: 1 row, 2 before, 4 insert, 8 delete, 16 update, 64 instead of.
select t.tgrelid, t.tgname, t.tgtype, t.tgfoid, t.tgenabled::text
from pg_trigger t
where not t.tgisinternal
order by t.tgrelid, t.tgname

-- Casts between a domain and json or text, which must be implicit and made WITH FUNCTION. Casts that involve a domain are
-- ignored by PostgreSQL, so that the author's intention is clear. All names are SQL text; the function's is qualified since
-- the search path is empty.
select c.castsource::regtype::text, c.casttarget::regtype::text, c.castfunc::regproc::text
from pg_cast c
join pg_type source on source.oid = c.castsource
join pg_type target on target.oid = c.casttarget
where c.castcontext = 'i'
  and c.castmethod = 'f'
  and has_function_privilege(c.castfunc, 'execute')
  and (
    (source.typtype = 'd' and c.casttarget in ('json'::regtype, 'text'::regtype))
    or (target.typtype = 'd' and c.castsource in ('json'::regtype, 'text'::regtype))
  )
order by 1, 2

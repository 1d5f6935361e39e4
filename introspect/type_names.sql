-- $1 oid[], $2 int4[]: pairs of type and modifier, each once; the answers come in their order. The modifier -1, which is
-- "none given", is not null here: bit and character without one have a name of their own in quotes or are called bpchar, which
-- is what a cast that must not cut its value needs.
select format_type(k.type, k.modifier)
from unnest($1::oid[], $2::int4[]) with ordinality as k (type, modifier, place)
order by k.place

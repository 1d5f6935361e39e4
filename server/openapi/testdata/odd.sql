-- Names that Swagger 2.0 has no way to write.
create table api."Odd table, (really) {x} ""quoted""/~" (
  "Odd column, (really) {x} ""quoted""/~é" text primary key,
  "ordinary" text references api."Odd table, (really) {x} ""quoted""/~"
);
insert into api."Odd table, (really) {x} ""quoted""/~" values ('x');
create function api."Odd.function/é {x}"("an argument" int) returns int language sql stable as 'select 1';
alter table api.everything add "order" int;

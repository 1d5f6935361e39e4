// Every method of @supabase/postgrest-js once, against the API at the address given.
import postgrest, { PostgrestBuilder, PostgrestClient, PostgrestFilterBuilder, PostgrestQueryBuilder, PostgrestTransformBuilder } from "@supabase/postgrest-js";
import { assert, check, end, ok, refused, watch } from "./check.mjs";

const [url] = process.argv.slice(2);
const builder = PostgrestBuilder ?? postgrest.PostgrestBuilder;
const transform = PostgrestTransformBuilder ?? postgrest.PostgrestTransformBuilder;
const unused = watch(PostgrestClient, PostgrestQueryBuilder, PostgrestFilterBuilder, transform, builder);

const db = new PostgrestClient(url, { schema: "shelf" });
const books = () => db.from("book");
// ids checks which books a filter finds.
const ids = (name, filter, expected) =>
  check(name, () => ok(filter(books().select("id")).order("id"), expected.map((id) => ({ id }))));

await check("select", () => ok(books().select("id, title").eq("id", 1), [{ id: 1, title: "The Dispossessed" }], 200));
await check("select, embedded", () => ok(
  books().select("title, author(name), copy(number)").eq("id", 1).order("number", { referencedTable: "copy", ascending: false }),
  [{ title: "The Dispossessed", author: { name: "Le Guin" }, copy: [{ number: 2 }, { number: 1 }] }]));
await check("select, inner", () => ok(books().select("id, author!inner(name)").eq("author.name", "Lem"), [{ id: 2, author: { name: "Lem" } }]));
await check("select, head and count", async () => {
  const { data, count, status } = await ok(books().select("*", { head: true, count: "exact" }));
  assert.deepEqual([data, count, status], [null, 4, 200]);
});
await check("select, planned and estimated", async () => {
  for (const count of ["planned", "estimated"]) {
    assert.equal(typeof (await ok(books().select("*", { count }))).count, "number");
  }
});

await ids("eq", (q) => q.eq("title", "Solaris"), [2]);
await ids("neq", (q) => q.neq("title", "Solaris"), [1, 3, 4]);
await ids("gt", (q) => q.gt("id", 2), [3, 4]);
await ids("gte", (q) => q.gte("id", 2), [2, 3, 4]);
await ids("lt", (q) => q.lt("id", 2), [1]);
await ids("lte", (q) => q.lte("id", 2), [1, 2]);
await ids("like", (q) => q.like("title", "The%"), [1, 4]);
await ids("likeAllOf", (q) => q.likeAllOf("title", ["The%", "%Heaven"]), [4]);
await ids("likeAnyOf", (q) => q.likeAnyOf("title", ["Sol%", "Or*"]), [2, 3]);
await ids("ilike", (q) => q.ilike("title", "the%"), [1, 4]);
await ids("ilikeAllOf", (q) => q.ilikeAllOf("title", ["the%", "%heaven"]), [4]);
await ids("ilikeAnyOf", (q) => q.ilikeAnyOf("title", ["sol%", "or%"]), [2, 3]);
await ids("regexMatch", (q) => q.regexMatch("title", "^The .*ed$"), [1]);
await ids("regexIMatch", (q) => q.regexIMatch("title", "^the .*ED$"), [1]);
await ids("is", (q) => q.is("loan", null), [4]);
await ids("isDistinct", (q) => q.isDistinct("loan", "[1,5)"), [2, 3, 4]);
await ids("in", (q) => q.in("title", ["Solaris", "Orlando", "a, b", "c(d)"]), [2, 3]);
await ids("notIn", (q) => q.notIn("id", [1, 2]), [3, 4]);
await ids("contains, array", (q) => q.contains("tags", ["sf", "dreams"]), [4]);
await ids("contains, json", (q) => q.contains("details", { pages: 204 }), [2]);
await ids("contains, range", (q) => q.contains("loan", "[2,3)"), [1]);
await ids("containedBy", (q) => q.containedBy("tags", ["sf", "novel"]), [2, 3]);
await ids("containedBy, range", (q) => q.containedBy("loan", "[0,10)"), [1, 2]);
await ids("rangeGt", (q) => q.rangeGt("loan", "[5,9)"), [3]);
await ids("rangeGte", (q) => q.rangeGte("loan", "[5,9)"), [2, 3]);
await ids("rangeLt", (q) => q.rangeLt("loan", "[5,9)"), [1]);
await ids("rangeLte", (q) => q.rangeLte("loan", "[5,9)"), [1, 2]);
await ids("rangeAdjacent", (q) => q.rangeAdjacent("loan", "[9,20)"), [2, 3]);
await ids("overlaps", (q) => q.overlaps("tags", ["dreams", "novel"]), [3, 4]);
await ids("overlaps, range", (q) => q.overlaps("loan", "[4,6)"), [1, 2]);
await ids("textSearch", (q) => q.textSearch("words", "lathe & heaven"), [4]);
await ids("textSearch, plain", (q) => q.textSearch("words", "lathe heaven", { type: "plain", config: "english" }), [4]);
await ids("textSearch, phrase", (q) => q.textSearch("words", "lathe of heaven", { type: "phrase" }), [4]);
await ids("textSearch, websearch", (q) => q.textSearch("words", "solaris or orlando", { type: "websearch" }), [2, 3]);
await ids("match", (q) => q.match({ author: 1, id: 4 }), [4]);
await ids("not", (q) => q.not("loan", "is", null), [1, 2, 3]);
await ids("or", (q) => q.or("id.eq.1,and(author.eq.1,title.like.*Heaven)"), [1, 4]);
await ids("filter", (q) => q.filter("details->>pages", "eq", "336"), [3]);
await check("or, embedded", () => ok(
  db.from("author").select("name, book(id)").eq("id", 1).or("id.eq.4,title.eq.x", { referencedTable: "book" }),
  [{ name: "Le Guin", book: [{ id: 4 }] }]));

await check("order", () => ok(db.from("author").select("id").order("city", { ascending: false, nullsFirst: true }).order("id"),
  [{ id: 2 }, { id: 1 }, { id: 3 }]));
await check("limit", () => ok(books().select("id").order("id").limit(2), [{ id: 1 }, { id: 2 }]));
await check("range", () => ok(books().select("id").order("id").range(1, 2), [{ id: 2 }, { id: 3 }]));
await check("range, counted", async () => {
  const { count, status } = await ok(books().select("id", { count: "exact" }).range(0, 1));
  assert.deepEqual([count, status], [4, 206]);
});
await check("range, beyond", () => refused(books().select("id", { count: "exact" }).range(10, 11), 416, "PGRST103"));
await check("single", () => ok(books().select("id").eq("id", 1).single(), { id: 1 }));
await check("single, none", () => refused(books().select("id").eq("id", 0).single(), 406, "PGRST116"));
await check("maybeSingle", () => ok(books().select("id").eq("id", 1).maybeSingle(), { id: 1 }));
await check("maybeSingle, none", () => ok(books().select("id").eq("id", 0).maybeSingle(), null));
await check("csv", () => ok(books().select("id,title").lt("id", 3).order("id").csv(), 'id,title\n1,"The Dispossessed"\n2,Solaris'));
await check("stripNulls", () => ok(db.from("author").select().eq("id", 2).stripNulls(), [{ id: 2, name: "Lem" }]));
await check("stripNulls, single", () => ok(db.from("author").select().eq("id", 2).stripNulls().single(), { id: 2, name: "Lem" }));
await check("geojson, without PostGIS", async () => assert.ok((await books().select("id").geojson()).error));
await check("explain", async () => assert.match((await ok(books().select().explain())).data, /Scan on book/));
await check("explain, json", async () => {
  const { data } = await ok(books().select().explain({ analyze: true, verbose: true, format: "json" }));
  assert.ok(data[0].Plan["Actual Rows"] >= 0);
});
await check("abortSignal", async () => {
  const { error } = await books().select().abortSignal(AbortSignal.abort()).retry(false);
  assert.match(error.message, /[Aa]bort/);
});
await check("throwOnError", () => assert.rejects(async () => { await db.from("nothing").select().throwOnError(); }, { code: "PGRST205" }));
await check("setHeader", async () => {
  const { status } = await ok(books().select("id", { count: "exact" }).limit(1).setHeader("Prefer", "count=exact, handling=strict"));
  assert.equal(status, 206);
});
await check("returns, overrideTypes", () => ok(books().select("id").eq("id", 1).returns().overrideTypes(), [{ id: 1 }]));
await check("returns, transform", () => ok(books().select("id").eq("id", 1).single().returns(), { id: 1 }));

await check("insert", () => ok(books().insert({ title: "Kindred", tags: ["sf"] }), null, 201));
await check("insert, returned", () => ok(books().insert({ id: 50, title: "Roadside Picnic" }).select("id,title"),
  [{ id: 50, title: "Roadside Picnic" }], 201));
await check("insert, several", () => ok(
  books().insert([{ id: 51, title: "Ubik" }, { id: 52, title: "VALIS", tags: ["sf"] }], { defaultToNull: false, count: "exact" }).select("id,tags"),
  [{ id: 51, tags: [] }, { id: 52, tags: ["sf"] }], 201));
await check("insert, refused", () => refused(books().insert({ id: 50, title: "Again" }), 409, "23505"));
await check("upsert", () => ok(books().upsert({ id: 50, title: "Roadside Picnic!" }).select("title").single(), { title: "Roadside Picnic!" }));
await check("upsert, on a column", () => ok(
  db.from("author").upsert([{ id: 3, name: "Woolf", city: "Richmond" }], { onConflict: "name" }).select("city"), [{ city: "Richmond" }]));
await check("upsert, ignored", () => ok(
  db.from("author").upsert({ id: 3, name: "Woolf", city: "Bath" }, { onConflict: "name", ignoreDuplicates: true, count: "exact" }).select(), []));
await check("update", async () => {
  const { count } = await ok(books().update({ title: "Picnic" }, { count: "exact" }).eq("id", 50), null, 204);
  assert.equal(count, 1);
});
await check("update, returned", () => ok(books().update({ tags: ["x"] }).in("id", [51, 52]).order("id").select("id"), [{ id: 51 }, { id: 52 }], 200));
await check("rollback", async () => {
  await ok(books().delete().eq("id", 50).select("id").rollback(), [{ id: 50 }]);
  await ok(books().select("title").eq("id", 50), [{ title: "Picnic" }]);
});
await check("maxAffected", async () => {
  await refused(books().delete().gte("id", 50).maxAffected(1), 400, "PGRST124");
  await ok(books().delete().eq("id", 50).maxAffected(1), null, 204);
});
await check("delete", async () => {
  const { count } = await ok(books().delete({ count: "exact" }).in("id", [51, 52]), null, 204);
  assert.equal(count, 2);
});
await check("rpc", () => ok(db.rpc("add", { a: 2, b: 3 }), 5));
await check("rpc, get", () => ok(db.rpc("add", { a: 2, b: 3 }, { get: true }), 5));
await check("rpc, head", async () => {
  const { data, count } = await ok(db.rpc("books_of", { name: "Le Guin" }, { head: true, count: "exact" }));
  assert.deepEqual([data, count], [null, 2]);
});
await check("rpc, filtered", () => ok(db.rpc("books_of", { name: "Le Guin" }).select("id").gt("id", 1).order("id").limit(1), [{ id: 4 }]));
await check("rpc, unknown", () => refused(db.rpc("nothing"), 404, "PGRST202"));
await check("schema", () => ok(db.schema("shelf_v2").from("title").select().eq("id", 2), [{ id: 2, title: "Solaris" }]));
await check("schema, not exposed", () => refused(db.schema("secret").from("title").select(), 406, "PGRST106"));
await check("getOpenApiSpec", async () => {
  const { data } = await ok(db.getOpenApiSpec());
  assert.ok(data.paths["/book"].get);
});

const internal = ["then", "processResponse", "toJSON", "decorateFetch", "cloneRequestState"];
await check("every method", () => assert.deepEqual(unused().filter((name) => !internal.includes(name)), []));
end();

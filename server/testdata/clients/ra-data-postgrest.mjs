// Every method of the data provider of react-admin once, against the API at the address given.
import provider from "@raphiniert/ra-data-postgrest/lib/index.js";
import { assert, check, end } from "./check.mjs";

const [url] = process.argv.slice(2);

// What react-admin's fetchJson does.
async function httpClient(address, options) {
  const response = await fetch(address, options);
  const text = await response.text();
  if (!response.ok) throw Object.assign(new Error(text), { status: response.status });
  return { status: response.status, headers: response.headers, body: text, json: text ? JSON.parse(text) : undefined };
}

const data = provider.default({
  apiUrl: url, httpClient, defaultListOp: "eq", primaryKeys: new Map([["copy", ["book", "number"]]]), schema: () => "shelf",
});
const used = new Set();
const call = (method, ...args) => {
  used.add(method);
  return data[method](...args);
};
const page = (number, size) => ({ pagination: { page: number, perPage: size }, sort: { field: "id", order: "ASC" }, filter: {} });
const idsOf = (rows) => rows.map((row) => row.id);

await check("getList", async () => {
  const { data, total } = await call("getList", "book", page(2, 2));
  assert.deepEqual([idsOf(data), total], [[3, 4], 4]);
});
await check("getList, filtered", async () => {
  const { data, total } = await call("getList", "book", { ...page(1, 10), filter: { "title@ilike": "the", author: 1 }, sort: { field: "title", order: "DESC" } });
  assert.deepEqual([idsOf(data), total], [[4, 1], 2]);
});
await check("getList, operators", async () => {
  for (const [filter, expected] of [
    [{ "id@gte": 2, "id@lt": 4 }, [2, 3]], [{ "tags@cs": "{sf}" }, [1, 2, 4]], [{ "details->>pages@eq": "336" }, [3]],
    [{ "loan@is": "null" }, [4]], [{ "@or": { "id@eq": 1, "title@like": "Orl%" } }, [1, 3]], [{ "title@fts": "solaris" }, [2]],
  ]) {
    const { data } = await call("getList", "book", { ...page(1, 10), filter });
    assert.deepEqual(idsOf(data), expected, JSON.stringify(filter));
  }
});
await check("getList, embedded and prefetched", async () => {
  const { data, meta } = await call("getList", "book", { ...page(1, 1), meta: { embed: ["author"], prefetch: ["author"] } });
  assert.equal(data[0].title, "The Dispossessed");
  assert.deepEqual(Object.keys(meta.prefetched), ["author"]);
});
await check("getList, another schema", async () => {
  const { data } = await call("getList", "title", { ...page(1, 1), meta: { schema: "shelf_v2" } });
  assert.deepEqual(data, [{ id: 1, title: "The Dispossessed" }]);
});
await check("getOne", async () => assert.equal((await call("getOne", "book", { id: 2 })).data.title, "Solaris"));
await check("getOne, composite key", async () => {
  const { data } = await call("getOne", "copy", { id: JSON.stringify([1, 1]) });
  assert.deepEqual([data.id, data.note], ["[1,1]", "worn"]);
});
await check("getOne, none", () => assert.rejects(call("getOne", "book", { id: 0 }), { status: 406 }));
await check("getMany", async () => assert.deepEqual(idsOf((await call("getMany", "book", { ids: [1, 3] })).data).sort(), [1, 3]));
await check("getMany, composite key", async () => {
  const { data } = await call("getMany", "copy", { ids: ["[1,1]", "[2,1]"] });
  assert.deepEqual(idsOf(data).sort(), ["[1,1]", "[2,1]"]);
});
await check("getManyReference", async () => {
  const { data, total } = await call("getManyReference", "book", { target: "author", id: 1, ...page(1, 1) });
  assert.deepEqual([idsOf(data), total], [[1], 2]);
});
await check("create", async () => {
  const { data } = await call("create", "book", { data: { id: 60, title: "Kindred", tags: ["sf"] } });
  assert.deepEqual([data.id, data.title], [60, "Kindred"]);
});
await check("create, refused", () => assert.rejects(call("create", "book", { data: { id: 60, title: "Kindred" } }), { status: 409 }));
await check("update", async () => {
  const { data } = await call("update", "book", { id: 60, data: { id: 60, title: "Kindred!" }, previousData: { id: 60, title: "Kindred" } });
  assert.equal(data.title, "Kindred!");
});
await check("update, composite key", async () => {
  const { data } = await call("update", "copy", { id: "[1,2]", data: { note: "new" }, previousData: { note: null } });
  assert.deepEqual([data.id, data.note], ["[1,2]", "new"]);
});
await check("updateMany", async () => {
  const { data } = await call("updateMany", "book", { ids: [60], data: { tags: ["x"] } });
  assert.deepEqual(data, [60]);
});
await check("delete", async () => {
  const { data } = await call("delete", "copy", { id: "[2,1]", previousData: {} });
  assert.equal(data.id, "[2,1]");
});
await check("deleteMany", async () => assert.deepEqual((await call("deleteMany", "book", { ids: [60] })).data, [60]));
await check("every method", () => assert.deepEqual(Object.keys(data).filter((name) => typeof data[name] === "function" && !used.has(name)), []));
end();

// Compiled by tsc --strict: what programs write against the types of shop.sql, and what must be an error.
import { PostgrestClient } from "@supabase/postgrest-js"
import { Constants } from "./shop/database"
import type { CompositeTypes, Database, Enums, Json, Tables, TablesInsert, TablesUpdate } from "./shop/database"

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function is<T extends true>(_?: T): void {}

const shop = new PostgrestClient<Database, { PostgrestVersion: "14" }, "shop">("http://127.0.0.1:3000", { schema: "shop" })

// The helper types.
is<Same<Tables<"products">, { id: number; name: string | null }>>()
is<Same<Tables<{ schema: "archive" }, "orders">, { id: number; state: Enums<"status"> | null }>>()
is<Same<Tables<"log">, { one: number | null }>>()
is<Same<Enums<"status">, "open" | 'in "delivery"' | "" | "done">>()
is<Same<CompositeTypes<"point">["label"], string | null>>()
is<Same<TablesUpdate<"products">, { id?: number; name?: string | null }>>()
const statuses: readonly Enums<"status">[] = Constants.shop.Enums.status
const insert: TablesInsert<"orders"> = { customer_id: 1, total: 2.5, notes: { a: [1, null] }, history: [...statuses] }
// @ts-expect-error total is required
const incomplete: TablesInsert<"orders"> = { customer_id: 1 }
// @ts-expect-error the column is generated
const generated: TablesInsert<"orders"> = { customer_id: 1, total: 1, gross: 1 }
// @ts-expect-error there is no such label
const wrong: TablesUpdate<"orders"> = { status: "lost" }
// @ts-expect-error there is no such relation
type Missing = Tables<"missing">

export async function reads() {
  const { data } = await shop.from("orders").select("id, status, place, notes, customers(name), details(line), products(name)").single()
  if (data) {
    is<Same<typeof data.status, Enums<"status">>>()
    is<Same<typeof data.notes, Json | null>>()
    is<Same<typeof data.customers, { name: string }>>() // to-one
    is<Same<typeof data.details, { line: number } | null>>() // one-to-one, from the other side
    is<Same<typeof data.products, { name: string | null }[]>>() // many-to-many by items
  }
  const customers = await shop.from("customers").select("*, full_name, favourite(name), bought(id)")
  if (customers.data) {
    is<Same<(typeof customers.data)[0]["full_name"], string | null>>()
    is<Same<(typeof customers.data)[0]["bought"], { id: number }[]>>()
    is<Same<(typeof customers.data)[0]["favourite"], { name: string | null } | null>>()
  }
  const plain = await shop.from("customers").select("*")
  // @ts-expect-error computed fields are no part of *
  void plain.data?.[0]?.full_name
  await shop.from("orders").select("id").eq("status", "done").gt("total", 3)
  // @ts-expect-error there is no such label
  await shop.from("orders").select("id").eq("status", "lost")
  const odd = await shop.from("customers").select('"odd name", class')
  void odd.data
  const view = await shop.from("open_orders").select("id, customers(name)")
  void view.data
  const old = await shop.schema("archive").from("orders").select("state").limit(1).maybeSingle()
  if (old.data) is<Same<typeof old.data, { state: Enums<"status"> | null }>>()
}

export async function writes() {
  await shop.from("orders").insert(insert).select().single()
  await shop.from("orders").insert([insert, insert])
  await shop.from("products").upsert({ id: 1, name: null })
  await shop.from("products").update({ name: null }).eq("id", 1).maxAffected(1)
  await shop.from("log").insert({ one: 1 })
  // @ts-expect-error a materialized view takes no rows
  await shop.from("totals").insert({ total: 1 })
  // @ts-expect-error the identity is always generated
  await shop.from("customers").insert({ id: 1, email: "a@b", name: "x" })
}

export async function calls() {
  const one = await shop.rpc("search", { query: 1 })
  if (one.data) is<Same<typeof one.data, number[]>>()
  const two = await shop.rpc("search", { query: "x", tags: ["a"] }).select("id, status")
  if (two.data) is<Same<typeof two.data, { id: number; status: Enums<"status"> }[]>>()
  const report = await shop.rpc("report", { since: "2026-01-01" })
  if (report.data) is<Same<(typeof report.data)[0]["states"], Enums<"status">[]>>()
  const newest = await shop.rpc("newest")
  if (newest.data) is<Same<typeof newest.data.total, number>>()
  const mail = await shop.rpc("mail")
  if (mail.data) is<Same<typeof mail.data, string>>()
  // @ts-expect-error since is required
  await shop.rpc("report", {})
  // @ts-expect-error there is no such function
  await shop.rpc("missing")
}

export { incomplete, generated, wrong }
export type { Missing }

// A client from the API's own description, by openapi-typescript and openapi-fetch as docs/frontend.md names them.
import createClient from "openapi-fetch";
import type { components, paths } from "./api";

export async function use(baseUrl: string): Promise<unknown> {
  const api = createClient<paths, "application/json">({ baseUrl });

  const read = await api.GET("/orders", { params: { query: { select: "id,status", order: "id", id: "gte.1" }, header: { Prefer: "count=exact" } } });
  const status: "open" | 'in "delivery"' | "" | "done" | undefined = read.data?.[0].status;
  // @ts-expect-error a status is one of its labels
  const wrong: "closed" | undefined = read.data?.[0].status;

  // What has a default may be left out.
  const written = await api.POST("/orders", { params: { header: { Prefer: "return=representation" } }, body: { customer_id: 1, total: 2.5 } });
  // @ts-expect-error total has no default
  const row: components["schemas"]["orders.insert"] = { customer_id: 1 };

  const refused = await api.POST("/orders", { body: [{ customer_id: 1, total: 1 }, { customer_id: 99, total: 1 }] });
  const changed = await api.PATCH("/orders", { params: { query: { id: "eq.1" } }, body: { status: "done" } });
  const gone = await api.DELETE("/orders", { params: { query: { id: "eq.77" } } });
  void [status, wrong, row];
  return [read.data, written.data?.length, refused.error?.code, changed.response.status, gone.response.status];
}

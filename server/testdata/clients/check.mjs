// What both scripts need: comparing, and knowing which methods were used.
import assert from "node:assert/strict";

let failed = 0;

/** check runs one case and tells of it if it fails. */
export async function check(name, run) {
  try {
    await run();
  } catch (error) {
    failed++;
    console.error(`${name}: ${error.message}`);
  }
}

/** ok compares the data of a response, and wants no error. */
export async function ok(query, expected, status) {
  const response = await query;
  assert.equal(response.error ?? null, null, JSON.stringify(response.error));
  if (expected !== undefined) assert.deepEqual(response.data, expected);
  if (status) assert.equal(response.status, status);
  return response;
}

/** refused wants an error of a code. */
export async function refused(query, status, code) {
  const { error, status: got } = await query;
  assert.equal(`${got} ${error?.code}`, `${status} ${code}`, JSON.stringify(error));
}

/** watch counts the calls of the methods of classes; unused names those that were not called. */
export function watch(...classes) {
  const called = new Set();
  const all = new Set();
  for (const { prototype } of classes) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const method = prototype[name];
      if (name === "constructor" || typeof method !== "function") continue;
      all.add(name);
      prototype[name] = function (...args) {
        called.add(name);
        return method.apply(this, args);
      };
    }
  }
  return () => [...all].filter((name) => !called.has(name));
}

export function end() {
  if (failed) process.exit(1);
  console.log("all passed");
}

export { assert };

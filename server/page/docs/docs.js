// Shows the API's description with Swagger UI, as the bearer of the token above it may see and use it. Nothing is asked of any
// other origin; the token stays in this tab.
"use strict";

const api = new URL("..", location.href);
const tokenKey = `postern token of ${api.pathname}`;
const element = (id) => document.getElementById(id);

// Dark is what the system says.
const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", paint);
paint();

// role reads the role from a token, to show it. Whether the token is good the server knows.
function role(token) {
  try {
    const claims = atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"));
    return JSON.parse(claims).role ?? "";
  } catch {
    return "";
  }
}

function fail(title, message) {
  const heading = document.createElement("h2");
  const text = document.createElement("p");
  heading.textContent = title;
  text.textContent = message;
  element("problem").replaceChildren(heading, text);
  element("problem").hidden = false;
  element("api").hidden = true;
}

function greet(token) {
  const who = element("who");
  if (!token) {
    who.textContent = "Without a token you see what everybody may use.";
    return;
  }
  const name = document.createElement("strong");
  name.textContent = role(token) || "bearer of this token";
  who.replaceChildren("You see what ", name, " may use.");
}

// send adds the token to what Swagger UI sends, and keeps it within this origin.
function send(request, token) {
  const url = new URL(request.url, api);
  if (url.origin !== api.origin) {
    throw new Error(`The page asks nobody but ${api.origin}`);
  }
  request.headers ??= {};
  if (token && !request.headers.Authorization) {
    request.headers.Authorization = `Bearer ${token}`;
  }
  return request;
}

// unfill moves the example of a parameter into its description: Swagger UI would fill it in, and a request that filters by every
// column finds nothing.
function unfill(parameter) {
  if (parameter.required || parameter.example === undefined) return;
  parameter.description = `${parameter.description ?? ""} Example: \`${parameter.example}\``.trim();
  delete parameter.example;
}

// explain adds the operators of a filter to its description: Swagger UI shows nothing of what a parameter's schema says of itself.
function explain(parameter, schemas) {
  const operators = schemas[parameter.schema?.$ref?.replace(/^#\/components\/schemas\/(?=filter\.)/, "")]?.description;
  if (!operators) return;
  parameter.description = `${parameter.description ?? ""}\n\n<details><summary>Operators</summary>\n\n${operators}\n\n</details>`;
}

// resolve puts what references lead to in their place; $$ref is how Swagger UI knows the name. All of them lead into the document's own
// components.
function resolve(value, document, within = []) {
  if (Array.isArray(value)) return value.map((item) => resolve(item, document, within));
  if (value === null || typeof value !== "object") return value;
  const out = {};
  if (typeof value.$ref === "string") {
    if (within.includes(value.$ref)) return out;
    const target = value.$ref.replace(/^#\//, "").split("/").reduce((at, key) => at?.[key], document);
    Object.assign(out, resolve(target, document, [...within, value.$ref]), { $$ref: value.$ref });
  }
  for (const [key, part] of Object.entries(value)) if (key !== "$ref" || typeof part !== "string") out[key] = resolve(part, document, within);
  return out;
}

// resolver takes the place of Swagger UI's own, which goes through the whole document at first and again for each operation that is opened:
// many seconds for a database with some hundred tables.
const resolver = (document) => () => ({
  statePlugins: { spec: { wrapActions: { requestResolvedSubtree: (_, { specActions }) => (path) => {
    const part = path.reduce((at, key) => at?.[key], document);
    setTimeout(() => specActions.updateResolvedSubtree(path, resolve(part, document)));
    return { type: "resolving" };
  } } } },
});

async function show() {
  const token = sessionStorage.getItem(tokenKey) ?? "";
  const headers = { Accept: "application/openapi+json;version=3.1" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (element("schema").value) headers["Accept-Profile"] = element("schema").value;
  element("token").value = token;
  element("who").textContent = "";
  let response, body;
  try {
    response = await fetch(new URL("openapi.json", api), { headers });
    body = await response.json();
  } catch (error) {
    fail("The API cannot be reached", String(error.message ?? error));
    return;
  }
  if (!response.ok) {
    const hint = response.status === 401 && !token ? " Paste a token to see what it opens." : "";
    fail(`${response.status} ${body.code ?? ""}`.trim(), `${body.message ?? "The description could not be read."}.${hint}`.replace("..", "."));
    return;
  }
  element("problem").hidden = true;
  element("api").hidden = false;
  document.title = body.info.title;
  greet(token);
  for (const parameter of Object.values(body.components?.parameters ?? {})) {
    unfill(parameter);
    explain(parameter, body.components.schemas);
  }
  // This page's own origin is the API's, whatever name the server knows for itself.
  body.servers = [{ url: api.href.replace(/\/$/, "") }];
  const ui = SwaggerUIBundle({
    spec: body,
    domNode: element("api"),
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    defaultModelRendering: "model",
    displayRequestDuration: true,
    filter: true,
    tryItOutEnabled: true,
    validatorUrl: null,
    queryConfigEnabled: false,
    presets: [SwaggerUIBundle.presets.apis],
    plugins: [resolver(body)],
    requestInterceptor: (request) => send(request, token),
  });
  if (token) ui.preauthorizeApiKey("JWT", token);
}

async function start() {
  const schemas = await (await fetch("schemas.json")).json();
  const several = schemas.length > 1;
  element("schema").replaceChildren(...schemas.map((name) => new Option(name)));
  element("schema").hidden = element("schema-label").hidden = !several;
  element("schema").addEventListener("change", show);
  element("caller").addEventListener("submit", (event) => {
    event.preventDefault();
    const token = element("token").value.trim().replace(/^Bearer\s+/i, "");
    if (token) sessionStorage.setItem(tokenKey, token);
    else sessionStorage.removeItem(tokenKey);
    show();
  });
  await show();
}

start();

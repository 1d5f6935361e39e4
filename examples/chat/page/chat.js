// The chat in a browser: plain requests to the API, which is on the same origin. The page decides nothing; it shows what there is for
// the caller, and what PostgreSQL says when it refuses. Text goes into the page as text, never as HTML.

const api = new URL(".", document.baseURI);
const pause = 2000; // ms between two looks for new messages
const element = (id) => document.getElementById(id);

// A tab has a token of its own: two tabs can be two people.
let token = sessionStorage.getItem("token") ?? "";
let me = "";
let partner = "";
let messages = [];
let editing = ""; // the message whose form is open
let timer;
let visit = new AbortController(); // ends what is asked for who is here
let looks = 0; // how often the page has looked: only the last one counts

/** What the API answers other than success. */
class Refusal extends Error {
  constructor(status, body) {
    super(body.message ?? `status ${status}`);
    this.status = status;
    this.code = body.code ?? "";
    this.hint = body.hint ?? "";
  }
}

/** request asks the API and returns the parsed body. */
async function request(method, path, body) {
  const headers = { Accept: "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers.Prefer = "return=representation";
  const response = await fetch(new URL(path, api), { method, headers, body: body && JSON.stringify(body), signal: visit.signal });
  const text = await response.text();
  let parsed = null;
  try {
    parsed = text ? JSON.parse(text) : null;
  } catch {
    parsed = { message: text };
  }
  if (!response.ok) throw new Refusal(response.status, parsed ?? {});
  return parsed;
}

const byId = (message) => `chat?message_uuid=eq.${encodeURIComponent(message.message_uuid)}`;
const other = (message) => (message.message_from === me ? message.message_to : message.message_from);

// make makes an element with text and attributes.
function make(name, text = "", attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value);
  }
  return made;
}

function paintFace(face, name) {
  let sum = 0;
  for (const character of name) sum += character.codePointAt(0);
  face.className = `face c${sum % 6}`;
  face.textContent = [...name][0] ?? "?";
  return face;
}

function when(text) {
  const date = new Date(text);
  const today = date.toDateString() === new Date().toDateString();
  return date.toLocaleString(undefined, today ? { timeStyle: "short" } : { month: "short", day: "numeric" });
}

// The refusal: what was tried, and what PostgreSQL says to it.

function refuse(tried, error, kind = "") {
  element("refusal").dataset.kind = kind;
  element("refusal-title").textContent = error instanceof Refusal
    ? `PostgreSQL refused: ${tried}`
    : `It did not work: ${tried}`;
  element("refusal-text").textContent = error instanceof Refusal ? `${error.code} ${error.message}` : error.message;
  element("refusal-why").textContent = error.hint ?? "";
  const list = element("messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  element("refusal").hidden = false;
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function forget() {
  element("refusal").hidden = true;
  for (const part of ["title", "text", "why"]) element(`refusal-${part}`).textContent = "";
}

// attempt does something that may be refused, and looks at what there is now. It tells whether it was done, to who still is here.
async function attempt(tried, action) {
  const asked = token;
  forget();
  try {
    await action();
  } catch (error) {
    if (asked !== token) return false;
    if (error.status === 401) return leave("Your token is no longer valid. Sign in again.");
    refuse(tried, error);
    return false;
  }
  if (asked !== token) return false;
  await look();
  return asked === token;
}

// once submits a form by an action that takes a while, and not again before that is done.
function once(form, action) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.getAttribute("aria-busy")) return;
    form.setAttribute("aria-busy", "true");
    try {
      await action();
    } finally {
      form.removeAttribute("aria-busy");
    }
  });
}

// What there is

async function look() {
  clearTimeout(timer);
  if (!token) return;
  const turn = ++looks;
  try {
    const found = await request("GET", "chat?select=*&order=message_time.desc&limit=500");
    if (turn !== looks) return; // a later look knows better, or somebody else is here now
    found.reverse();
    if (JSON.stringify(found) !== JSON.stringify(messages)) {
      messages = found;
      paint();
    }
    if (element("refusal").dataset.kind === "lost") forget();
  } catch (error) {
    if (turn !== looks) return;
    if (error.status === 401) return leave("Your token is no longer valid. Sign in again.");
    refuse("to read messages", error, "lost");
  }
  timer = setTimeout(() => (document.hidden ? wait() : look()), pause);
}

const wait = () => document.addEventListener("visibilitychange", look, { once: true });

function paint() {
  paintConversations();
  paintThread();
}

function paintConversations() {
  const last = new Map();
  for (const message of messages) last.set(other(message), message);
  if (partner && !last.has(partner)) last.set(partner, null);
  const rows = [...last].sort(([, a], [, b]) => (b?.message_time ?? "9").localeCompare(a?.message_time ?? "9"));
  const focused = document.activeElement?.dataset?.name;
  element("conversations").replaceChildren(...rows.map(([name, message]) => {
    const button = make("button", "", { type: "button", "data-name": name, onclick: () => open(name) });
    if (name === partner) button.setAttribute("aria-current", "true");
    button.append(paintFace(make("span", "", { "aria-hidden": "true" }), name), make("span", name, { class: "name" }));
    if (message) {
      const sender = message.message_from === me ? "You: " : "";
      button.append(make("time", when(message.message_time), { datetime: message.message_time }));
      button.append(make("span", sender + message.message_subject, { class: "last" }));
    } else {
      button.append(make("span"), make("span", "Nothing yet", { class: "last" }));
    }
    const item = make("li");
    item.append(button);
    return item;
  }));
  if (rows.length === 0) element("conversations").append(make("li", "No messages yet. Write to somebody.", { class: "none" }));
  if (focused) element("conversations").querySelector(`[data-name="${CSS.escape(focused)}"]`)?.focus();
  element("people").replaceChildren(...rows.map(([name]) => new Option(name)));
}

function paintThread() {
  element("room").dataset.open = partner ? "thread" : "";
  for (const part of ["with-face", "forbidden", "composer"]) element(part).hidden = !partner;
  element("forbidden").parentElement.hidden = !partner;
  element("with").textContent = partner || "Choose a conversation";
  paintFace(element("with-face"), partner);
  element("sender-label").hidden = !element("forbidden").checked;
  if (editing) return; // not while somebody writes
  const list = element("messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const shown = messages.filter((message) => other(message) === partner);
  const here = list.contains(document.activeElement) && document.activeElement.dataset.key;
  list.replaceChildren(...shown.map(paintMessage));
  if (partner && shown.length === 0) list.append(make("li", `No messages between you and ${partner} that you may see.`, { class: "none" }));
  if (here) list.querySelector(`[data-key="${CSS.escape(here)}"]`)?.focus();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function paintMessage(message) {
  const mine = message.message_from === me;
  const item = make("li", "", { class: mine ? "message mine" : "message" });
  item.append(make("h2", message.message_subject));
  if (message.message_body) item.append(make("p", message.message_body));
  const footer = make("footer");
  footer.append(make("time", when(message.message_time), { datetime: message.message_time }));
  const act = (name, action) => footer.append(make("button", name, {
    type: "button", "data-key": `${name} ${message.message_uuid}`, "aria-label": `${name}: ${message.message_subject}`, onclick: action,
  }));
  if (mine || element("forbidden").checked) act("Edit", () => edit(item, message));
  if (mine) act("Delete", (event) => confirmDelete(event.currentTarget, message));
  item.append(footer);
  return item;
}

// Changes

function edit(item, message) {
  if (editing) { // one at a time, so that nothing that was typed is lost
    element("messages").querySelector("form input").focus();
    return;
  }
  editing = message.message_uuid;
  const form = make("form");
  const subject = make("input", "", { "aria-label": "Subject", maxlength: "64", required: "" });
  const text = make("textarea", "", { "aria-label": "Message", rows: "2" });
  subject.value = message.message_subject;
  text.value = message.message_body ?? "";
  const close = () => {
    editing = "";
    paintThread();
    element("messages").focus();
  };
  const buttons = make("div");
  buttons.append(make("button", "Save", { type: "submit" }), make("button", "Cancel", { type: "button", class: "quiet", onclick: close }));
  form.append(subject, text, buttons);
  form.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  once(form, async () => {
    const done = await attempt(`${me} edits a message from ${message.message_from}`, async () => {
      const changed = await request("PATCH", byId(message), { message_subject: subject.value, message_body: text.value || null });
      if (changed.length === 0) throw new Error("The message is no longer there.");
    });
    if (done && form.isConnected) close(); // else it stays open, with what was typed
  });
  item.replaceChildren(form);
  subject.focus();
}

function confirmDelete(button, message) {
  if (button.dataset.sure) {
    attempt(`${me} deletes a message`, () => request("DELETE", byId(message)));
    return;
  }
  button.dataset.sure = "yes";
  button.textContent = "Really delete?";
  setTimeout(() => {
    delete button.dataset.sure;
    button.textContent = "Delete";
  }, 4000);
}

async function send() {
  const forbidden = element("forbidden").checked;
  const sender = forbidden ? element("sender").value.trim() || me : me;
  const message = { message_to: partner, message_subject: element("subject").value, message_body: element("text").value || null };
  if (forbidden) message.message_from = sender; // else the database fills in who it is
  const tried = sender === me ? `${me} writes to ${partner}` : `${me} writes to ${partner} as ${sender}`;
  if (await attempt(tried, () => request("POST", "chat", message))) {
    for (const [id, sent] of [["subject", message.message_subject], ["text", message.message_body ?? ""]]) {
      if (element(id).value === sent) element(id).value = ""; // not what was typed meanwhile
    }
    element("subject").focus();
    element("messages").scrollTop = element("messages").scrollHeight;
  }
}

// Coming, going, choosing

function open(name) {
  partner = name;
  editing = "";
  forget();
  paint();
  element("messages").scrollTop = element("messages").scrollHeight;
  if (matchMedia("(min-width: 46.01rem)").matches) element("subject").focus();
}

// nameOf reads whose a token is, "" if that cannot be read. Whether it is good the server knows.
function nameOf(text) {
  try {
    const bytes = Uint8Array.from(atob(text.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)).role ?? "";
  } catch {
    return "";
  }
}

function enter() {
  me = nameOf(token);
  if (!me) return leave("Your token cannot be read. Sign in again.");
  element("door").hidden = true;
  element("room").hidden = false;
  element("me").textContent = me;
  element("sender").value = me;
  document.title = `Chat · ${me}`;
  paintFace(element("me-face"), me);
  paint();
  look();
}

// leave signs out. Nothing stays in the page that the next to sign in could see or send.
function leave(reason = "") {
  clearTimeout(timer);
  visit.abort();
  visit = new AbortController();
  looks++;
  token = me = partner = editing = "";
  messages = [];
  sessionStorage.removeItem("token");
  for (const form of ["composer", "new", "login"]) element(form).reset();
  element("forbidden").checked = false;
  element("me").textContent = "";
  paintFace(element("me-face"), "");
  forget();
  paint();
  element("room").hidden = true;
  element("door").hidden = false;
  element("login-problem").textContent = reason;
  document.title = "Chat";
  element("name").focus();
}

once(element("login"), async () => {
  element("login-problem").textContent = "";
  try {
    const answer = await request("POST", "rpc/login", { name: element("name").value.trim(), password: element("password").value });
    token = answer.token;
    sessionStorage.setItem("token", token);
    enter();
    element("login").reset();
  } catch (error) {
    element("login-problem").textContent = error.message;
    element("password").select();
  }
});
element("new").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = element("new-name").value.trim();
  element("new").reset();
  if (name) open(name);
});
element("leave").addEventListener("click", () => leave());
element("back").addEventListener("click", () => open(""));
element("forbidden").addEventListener("change", () => paintThread());
element("refusal-close").addEventListener("click", forget);
once(element("composer"), send);
element("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) element("composer").requestSubmit();
});

if (token) enter();
else leave();

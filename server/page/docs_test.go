package page_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/postern-db/postern/examples/chat"
	"github.com/postern-db/postern/internal/apitest"
	"github.com/postern-db/postern/internal/browser"
	"github.com/postern-db/postern/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// The page shows what the bearer of a token may use, runs a request, and asks nobody but the API.
func TestDocsInBrowser(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, append(apitest.UpScripts(t, chat.Migrations()), chat.Seed())...)
	api := apitest.Start(t, db.URI(chat.Authenticator), `db-schemas = "`+chat.Schema+`"`, "openapi-ui = true")
	tab := browser.Open(t, browser.Desktop)

	tab.Do(chromedp.Navigate(api.URL + "/"))
	tab.Await(`location.pathname === "/docs/"`)
	tab.Await(`document.querySelector("#problem h2")`)
	if shown := tab.Text("#problem"); !strings.Contains(shown, "Anonymous access is disabled") {
		t.Errorf("without a token it says %q", shown)
	}

	tab.Do(
		chromedp.SendKeys("#token", apitest.Token(t, map[string]any{"role": "alice"}), chromedp.ByQuery),
		chromedp.Click("#caller button", chromedp.ByQuery),
	)
	tab.Await(`document.querySelector("[data-path='/chat']")`)
	if who := tab.Text("#who"); who != "You see what alice may use." {
		t.Errorf("it says %q", who)
	}
	tab.Screenshot("../..", "docs-desktop.png")
	tab.Look(browser.DesktopDark)
	tab.Await(`document.documentElement.className === "dark-mode"`)
	tab.Screenshot("../..", "docs-dark.png")
	tab.Look(browser.Phone)
	tab.Await(`document.documentElement.className === ""`)
	tab.Screenshot("../..", "docs-phone.png")
	tab.Look(browser.Desktop)

	const get = `document.querySelector(".opblock-get [data-path='/chat']")`
	tab.Do(chromedp.Evaluate(get+`.closest(".opblock").querySelector("button").click()`, nil))
	tab.Await(get + `.closest(".opblock").querySelector(".execute")`)
	tab.Do(chromedp.Evaluate(get+`.closest(".opblock").querySelector(".execute").click()`, nil))
	const answer = `.live-responses-table .response`
	tab.Await(`document.querySelector("` + answer + ` .highlight-code")`)
	shown := tab.Text(answer)
	if !strings.Contains(shown, "200") || !strings.Contains(shown, "Re: Lunch?") || strings.Contains(shown, "A surprise") {
		t.Errorf("alice's request shows %s", shown)
	}
	tab.Do(chromedp.ScrollIntoView(answer, chromedp.ByQuery))
	tab.Screenshot("../..", "docs-try.png")
	tab.StaysWithin(api.URL)
}

// tries has what takes more than a button to be tried out: a second schema, filters, bodies of functions that take them as they are.
const tries = `create schema page_first; create schema page_second;
create table page_first.thing (id int primary key, name text, tags text[]);
comment on column page_first.thing.name is 'What it is called';
create table page_second.other (id int primary key);
insert into page_first.thing values (1, 'one', '{a}');
insert into page_second.other values (7);
create function page_first.takes_json(json) returns json language sql immutable as 'select $1';
create function page_first.takes_jsonb(jsonb) returns jsonb language sql immutable as 'select $1';
create function page_first.takes_text(text) returns text language sql immutable as 'select $1';
create function page_first.takes_xml(xml) returns xml language sql immutable as 'select $1';
grant usage on schema page_first, page_second to page_anon;
grant all on all tables in schema page_first, page_second to page_anon;
grant page_anon to page_login`

// try opens an operation, presses Execute, and gives what is shown of the operation and of its answer.
func try(tab *browser.Tab, operation string) (shown, answer string) {
	block := `[...document.querySelectorAll(".opblock")].find((b) => b.id.endsWith("-` + operation + `"))`
	tab.Await(block)
	tab.Do(chromedp.Evaluate(block+`.querySelector(".opblock-summary-control").click()`, nil))
	tab.Await(block + `.querySelector(".execute")`)
	tab.Do(chromedp.Evaluate(block+`.innerText`, &shown), chromedp.Evaluate(block+`.querySelector(".execute").click()`, nil))
	tab.Await(block + `.querySelector(".live-responses-table .response, .errors, .invalid")`)
	tab.Do(chromedp.Evaluate(block+`.querySelector(".live-responses-table .response")?.innerText ?? "not sent"`, &answer))
	return shown, answer
}

// Each operation can be tried as it stands, in each schema.
func TestDocsTry(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, pgtest.Role("page_anon", ""), pgtest.Role("page_login", "login noinherit"), tries)
	api := apitest.Start(t, db.URI("page_login"), `db-schemas = "page_first, page_second"`, `db-anon-role = "page_anon"`, "openapi-ui = true")
	tab := browser.Open(t, browser.Desktop)
	tab.Do(chromedp.Navigate(api.URL + "/docs/"))

	shown, answer := try(tab, "thing\\\\.read")
	if !strings.Contains(answer, `"name": "one"`) {
		t.Errorf("reading things answers %s", answer)
	}
	for _, want := range []string{"What it is called", "Operators"} {
		if !strings.Contains(shown, want) {
			t.Errorf("reading things does not show %q but %s", want, shown)
		}
	}
	// The operators are those of each column's type.
	for name, operator := range map[string]string{"id": "gte", "name": "ilike", "tags": "cs (contains)"} {
		details := `document.querySelector("tr[data-param-name=` + name + `] details")`
		tab.Await(details)
		var closed, opened string
		tab.Do(
			chromedp.Evaluate(details+`.innerText`, &closed), chromedp.Evaluate(details+`.querySelector("summary").click()`, nil),
			chromedp.Evaluate(details+`.innerText`, &opened),
		)
		if strings.Contains(closed, operator) || !strings.Contains(opened, operator) || name == "id" && strings.Contains(opened, "ilike") {
			t.Errorf("the operators of %s are %q, opened %q", name, closed, opened)
		}
	}
	for function, want := range map[string]string{
		"takes_json": `"key": "value"`, "takes_jsonb": `"key": "value"`, "takes_text": "text", "takes_xml": "<example>",
	} {
		if _, answer := try(tab, `rpc\\.`+function+`\\.post`); !strings.Contains(answer, "200") || !strings.Contains(answer, want) {
			t.Errorf("%s answers %s", function, answer)
		}
	}

	tab.Do(chromedp.SetValue("#schema", "page_second", chromedp.ByQuery))
	tab.Await(`document.querySelector("[data-path='/other']")`)
	if _, answer := try(tab, `other\\.read`); !strings.Contains(answer, `"id": 7`) {
		t.Errorf("reading the other schema answers %s", answer)
	}
	if _, answer := try(tab, "describe"); !strings.Contains(answer, "200") {
		t.Errorf("describing the other schema answers %s", answer)
	}
	tab.StaysWithin(api.URL)
}

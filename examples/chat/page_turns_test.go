package chat_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/postern-db/postern/internal/browser"
)

// holding lets a test keep answers from the page: hold("GET") makes those to come wait, and release(status) lets them go, as they are
// or with another status.
const holding = `(() => {
	const real = window.fetch;
	let method = "", held = [];
	window.fetch = async (url, options) => {
		const response = await real(url, options);
		if (options.method !== method) return response;
		const text = await response.text();
		const status = await new Promise((go) => held.push(go));
		return new Response(text, { status: status || response.status });
	};
	window.hold = (which) => { method = which; };
	window.held = () => held.length;
	window.release = async (status) => {
		for (const go of held.splice(0)) go(status);
		await new Promise((done) => setTimeout(done, 300));
	};
})()`

// run carries out JavaScript and waits for what it promises.
func (p person) run(script string) {
	p.Do(chromedp.Evaluate(`(async () => { `+script+` })()`, nil, func(e *runtime.EvaluateParams) *runtime.EvaluateParams {
		return e.WithAwaitPromise(true)
	}))
}

// value is what an expression of JavaScript gives, as text.
func (p person) value(expression string) string {
	var text string
	p.Do(chromedp.Evaluate(`String(`+expression+`)`, &text))
	return text
}

// becomes signs out, and another in.
func (p person) becomes(name string) {
	p.Do(chromedp.Click("#leave", chromedp.ByQuery))
	p.Await(`!document.querySelector("#door").hidden`)
	p.login(name, name)
	p.Await(`document.querySelector("#me").textContent === "` + name + `"`)
}

// What is answered to one user late is not shown to the next, and does not throw the next out.
func TestPageLateAnswer(t *testing.T) {
	t.Parallel()
	api, _ := startPage(t)
	p := signIn(t, api, "alice", browser.Desktop)
	p.run(holding)
	for _, status := range []string{"", "401", "503"} {
		p.open("bob")
		p.sees("Lunch?")
		p.run(`hold("GET")`)
		p.Await(`held() === 1`)
		p.run(`hold("")`)
		p.becomes("carol")
		p.open("bob")
		p.sees("A surprise")
		p.run(`hold("PUT")`)
		if shown := p.value(`document.documentElement.outerHTML`); strings.Contains(shown, "Lunch?") {
			t.Fatalf("carol sees %s", shown)
		}
		p.run(`
			let seen = "";
			new MutationObserver(() => { seen += document.documentElement.outerHTML; }).observe(document.body, { subtree: true, childList: true, attributes: true });
			await release(` + status + `);
			window.seen = seen + document.documentElement.outerHTML;`)
		if shown := p.value(`seen`); strings.Contains(shown, "Lunch?") || strings.Contains(shown, `data-name="alice"`) {
			t.Errorf("after alice's answer (%s) carol sees %s", status, shown)
		}
		if p.value(`document.querySelector("#me").textContent + document.querySelector("#door").hidden + document.querySelector("#refusal").hidden`) != "caroltruetrue" {
			t.Errorf("after alice's answer (%s) the page shows %s", status, p.Text("body"))
		}
		p.becomes("alice")
	}
	// The same for what alice sends.
	for _, status := range []string{"", "401", "403"} {
		p.open("bob")
		p.run(`hold("POST")`)
		p.send("Late", "for bob")
		p.Await(`held() === 1`)
		p.run(`hold("")`)
		p.becomes("carol")
		p.open("bob")
		p.Do(chromedp.SetValue("#subject", "Carol's", chromedp.ByQuery))
		p.run(`await release(` + status + `)`)
		if got := p.value(`[document.querySelector("#me").textContent, document.querySelector("#subject").value, document.querySelector("#refusal").hidden,
			document.querySelector("#door").hidden]`); got != "carol,Carol's,true,true" {
			t.Errorf("after the answer to alice (%s) the page shows %s: %s", status, got, p.Text("body"))
		}
		p.becomes("alice")
	}
	p.StaysWithin(api.URL)
}

// Who signs out leaves nothing behind: no draft, no refusal, no switch.
func TestPageLeavesNothing(t *testing.T) {
	t.Parallel()
	api, _ := startPage(t)
	p := signIn(t, api, "alice", browser.Desktop)
	p.open("bob")
	p.Do(chromedp.Click("#forbidden", chromedp.ByQuery), chromedp.SetValue("#sender", "bob", chromedp.ByQuery))
	p.send("Alice's draft", "for nobody's eyes")
	p.Await(`!document.querySelector("#refusal").hidden`)
	p.Do(
		chromedp.Click(`[aria-label="Edit: Lunch?"]`, chromedp.ByQuery),
		chromedp.SetValue("#new-name", "dave", chromedp.ByQuery),
	)
	const state = `JSON.stringify({
		fields: [...document.querySelectorAll("#room input:not([type=checkbox]), #room textarea")].map((f) => f.id + "=" + f.value).join(" "),
		forbidden: document.querySelector("#forbidden").checked, refusal: document.querySelector("#refusal div").innerText.trim(),
		refused: !document.querySelector("#refusal").hidden, with: document.querySelector("#with").textContent,
		messages: document.querySelector("#messages").innerText, people: [...document.querySelector("#people").options].map((o) => o.value).join(" "),
	})`
	p.Do(chromedp.Click("#leave", chromedp.ByQuery))
	p.Await(`!document.querySelector("#door").hidden`)
	if shown := p.value(`document.documentElement.outerHTML`); strings.Contains(shown, "Lunch?") || strings.Contains(shown, `data-name="bob"`) {
		t.Errorf("after signing out the page has %s", shown)
	}
	p.login("carol", "carol")
	p.Await(`document.querySelector("[data-name=bob]")`)
	want := `{"fields":"new-name= sender=carol subject= text=","forbidden":false,"refusal":"","refused":false,"with":"Choose a conversation",` +
		`"messages":"","people":"bob"}`
	if got := p.value(state); got != want {
		t.Errorf("carol finds %s\nwant %s", got, want)
	}
	p.StaysWithin(api.URL)
}

// What is submitted twice is sent once.
func TestPageDoubleSubmit(t *testing.T) {
	t.Parallel()
	api, db := startPage(t)
	p := signIn(t, api, "alice", browser.Desktop)
	p.open("bob")
	p.run(holding)
	p.run(`
		hold("POST");
		const form = document.querySelector("#composer");
		document.querySelector("#subject").value = "Once";
		form.requestSubmit();
		form.requestSubmit();
		form.querySelector("button").click();`)
	p.Await(`held() > 0`)
	p.run(`
		document.querySelector("#subject").value = "The next"; // is written while the first is under way
		document.querySelector("#composer").requestSubmit();
		hold("");
		await release();`)
	p.sees("Once")
	if all := stored(t, db); strings.Count(all, "Once") != 1 || strings.Contains(all, "The next") {
		t.Errorf("there is\n%s", all)
	}
	if got := p.value(`document.querySelector("#subject").value`); got != "The next" {
		t.Errorf("what was written meanwhile is now %q", got)
	}
	p.Do(chromedp.Click("#composer button", chromedp.ByQuery))
	p.sees("The next")
	p.Await(`document.querySelector("#subject").value === ""`)
	p.StaysWithin(api.URL)
}

// What the database refuses, and what is no longer there, stays in the form.
func TestPageRefusedEdit(t *testing.T) {
	t.Parallel()
	api, db := startPage(t)
	p := signIn(t, api, "alice", browser.Desktop)
	p.open("bob")
	p.Do(chromedp.Click("#forbidden", chromedp.ByQuery))
	save := func(subject string) {
		p.Do(
			chromedp.SetValue(".message form input", subject, chromedp.ByQuery),
			chromedp.Click(".message form button[type=submit]", chromedp.ByQuery),
		)
		p.Await(`!document.querySelector("#refusal").hidden`)
		if got := p.value(`document.querySelector(".message form input")?.value`); got != subject {
			t.Errorf("what was typed is now %q, want %q", got, subject)
		}
	}
	p.Do(chromedp.Click(`[aria-label="Edit: Re: Lunch?"]`, chromedp.ByQuery))
	save("I give you my bicycle")
	p.Do(chromedp.Click("#refusal-close", chromedp.ByQuery), chromedp.Click(".message form [type=button]", chromedp.ByQuery))
	p.Await(`!document.querySelector(".message form")`)
	p.Do(chromedp.Click(`[aria-label="Edit: Lunch?"]`, chromedp.ByQuery))
	if _, err := db.Conn(t, "postgres").Exec(t.Context(), `delete from api.chat where message_subject = 'Lunch?'`); err != nil {
		t.Fatal(err)
	}
	save("Dinner?")
	if shown := p.Text("#refusal"); !strings.Contains(shown, "no longer there") {
		t.Errorf("it says %q", shown)
	}
	p.StaysWithin(api.URL)
}

// A tab whose token cannot be read asks to sign in.
func TestPageBrokenToken(t *testing.T) {
	t.Parallel()
	api, _ := startPage(t)
	p := signIn(t, api, "alice", browser.Desktop)
	for _, token := range []string{"nonsense", "a.b.c", "a." + "bnVsbA" + ".c", "a.eyJzdWIiOiJ4In0.c", "%.%.%"} {
		p.Do(chromedp.Evaluate(`sessionStorage.setItem("token", "`+token+`")`, nil), chromedp.Reload())
		p.Await(`!document.querySelector("#door").hidden`)
		if got := p.value(`[document.querySelector("#room").hidden, sessionStorage.getItem("token"), document.querySelector("#login-problem").textContent !== ""]`); got != "true,,true" {
			t.Errorf("with the token %s: %s", token, got)
		}
	}
	p.login("alice", "alice")
	p.Await(`document.querySelector("[data-name=bob]")`)
	p.StaysWithin(api.URL)
}

package chat_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/postern-db/postern/examples/chat"
	"github.com/postern-db/postern/internal/apitest"
	"github.com/postern-db/postern/internal/browser"
	"github.com/postern-db/postern/internal/pgtest"
)

// startPage serves the chat with its page, as the demo does.
func startPage(t *testing.T) (*apitest.API, *pgtest.Database) {
	t.Helper()
	api, db := start(t, `db-anon-role = "`+chat.Anon+`"`, `server-static-dir = "page"`, "db-safe-update = true")
	if _, err := db.Conn(t, "postgres").Exec(t.Context(), chat.SecretSQL, apitest.Secret); err != nil {
		t.Fatal(err)
	}
	return api, db
}

// person is a browser in which somebody has signed in.
type person struct{ *browser.Tab }

func signIn(t *testing.T, api *apitest.API, name string, look browser.Look) person {
	t.Helper()
	p := person{browser.Open(t, look)}
	p.Do(chromedp.Navigate(api.URL + "/"))
	p.Await(`!document.querySelector("#door").hidden`)
	p.login(name, name)
	p.Await(`document.querySelector("#me").textContent === "` + name + `"`)
	return p
}

func (p person) login(name, password string) {
	p.Do(
		chromedp.SetValue("#name", name, chromedp.ByQuery), chromedp.SetValue("#password", password, chromedp.ByQuery),
		chromedp.Click("#login button", chromedp.ByQuery),
	)
}

// open opens the conversation with somebody.
func (p person) open(with string) {
	p.Do(
		chromedp.SetValue("#new-name", with, chromedp.ByQuery), chromedp.Click("#new button", chromedp.ByQuery),
	)
	p.Await(`document.querySelector("#with").textContent === "` + with + `"`)
}

func (p person) send(subject, text string) {
	p.Do(
		chromedp.SetValue("#subject", subject, chromedp.ByQuery), chromedp.SetValue("#text", text, chromedp.ByQuery),
		chromedp.Click("#composer button", chromedp.ByQuery),
	)
}

// sees waits until a message is shown.
func (p person) sees(subject string) {
	p.Await(`[...document.querySelectorAll(".message h2")].some((h) => h.textContent === ` + quoted(subject) + `)`)
}

func quoted(text string) string {
	return "`" + strings.NewReplacer("`", "\\`", "${", "\\${").Replace(text) + "`"
}

// Two people in two browsers: a message crosses, is edited and deleted, and what the policy forbids is refused in
// PostgreSQL's words. A third sees nothing of it.
func TestPage(t *testing.T) {
	t.Parallel()
	api, db := startPage(t)
	alice, bob := signIn(t, api, "alice", browser.Desktop), signIn(t, api, "bob", browser.Phone)
	alice.open("bob")
	bob.open("alice")
	alice.send("Dessert?", "There is cake at four. I did not bake it myself, so you may come.")
	alice.sees("Dessert?")
	bob.sees("Dessert?")
	bob.send("Re: Dessert?", "On my way.")
	alice.sees("Re: Dessert?")
	bob.sees("Re: Dessert?")
	bob.Screenshot("../..", "chat-phone.png")
	bob.Look(browser.PhoneDark)
	bob.Screenshot("../..", "chat-phone-dark.png")

	// She edits what is hers.
	alice.Do(chromedp.Click(`[aria-label="Edit: Dessert?"]`, chromedp.ByQuery))
	alice.Await(`document.querySelector(".message form input")`)
	alice.Do(
		chromedp.SetValue(".message form input", "Cake?", chromedp.ByQuery),
		chromedp.Click(".message form button[type=submit]", chromedp.ByQuery),
	)
	bob.sees("Cake?")

	// She signs as bob.
	before := stored(t, db)
	alice.Do(
		chromedp.Click("#forbidden", chromedp.ByQuery), chromedp.SetValue("#sender", "bob", chromedp.ByQuery),
	)
	alice.send("Not from bob", "Or is it?")
	alice.Await(`!document.querySelector("#refusal").hidden`)
	const refused = `42501 new row violates row-level security policy for table "chat"`
	if shown := alice.Text("#refusal"); !strings.Contains(shown, "PostgreSQL refused: alice writes to bob as bob") || !strings.Contains(shown, refused) {
		t.Errorf("the refusal is %q", shown)
	}
	alice.Screenshot("../..", "chat-refused.png")

	// She makes his message hers.
	alice.Do(
		chromedp.Click("#refusal-close", chromedp.ByQuery), chromedp.Click(`[aria-label="Edit: Re: Dessert?"]`, chromedp.ByQuery),
	)
	alice.Await(`document.querySelector(".message form input")`)
	alice.Do(
		chromedp.SetValue(".message form input", "I give you my bicycle", chromedp.ByQuery),
		chromedp.Click(".message form button[type=submit]", chromedp.ByQuery),
	)
	alice.Await(`!document.querySelector("#refusal").hidden`)
	if shown := alice.Text("#refusal"); !strings.Contains(shown, refused) {
		t.Errorf("the refusal is %q", shown)
	}
	if after := stored(t, db); after != before {
		t.Errorf("there is now\n%s\nbefore there was\n%s", after, before)
	}
	alice.Do(
		chromedp.Click(".message form [type=button]", chromedp.ByQuery), // cancel: what is refused stays in the form
		chromedp.Click("#forbidden", chromedp.ByQuery), chromedp.Click("#refusal-close", chromedp.ByQuery),
	)
	alice.Screenshot("../..", "chat-desktop.png")
	alice.Look(browser.DesktopDark)
	alice.Screenshot("../..", "chat-dark.png")

	// Carol was not asked.
	carol := signIn(t, api, "carol", browser.Desktop)
	carol.Await(`document.querySelector("[data-name=bob]")`)
	carol.Do(chromedp.Click("[data-name=bob]", chromedp.ByQuery))
	carol.sees("A surprise")
	var all string
	carol.Do(chromedp.Evaluate(`document.documentElement.outerHTML`, &all))
	if strings.Contains(all, "Cake") || strings.Contains(all, "Dessert") || strings.Contains(all, `data-name="alice"`) {
		t.Errorf("carol sees\n%s", all)
	}

	// Two clicks delete.
	alice.Do(chromedp.Click(`[aria-label="Delete: Cake?"]`, chromedp.ByQuery))
	alice.Await(`document.querySelector("[data-sure]")`)
	alice.Do(chromedp.Click(`[data-sure]`, chromedp.ByQuery))
	bob.Await(`![...document.querySelectorAll(".message h2")].some((h) => h.textContent === "Cake?")`)
	for _, p := range []person{alice, bob, carol} {
		p.StaysWithin(api.URL)
	}
}

// What others write is shown as text, whatever it looks like.
func TestPageHostileMessage(t *testing.T) {
	t.Parallel()
	api, _ := startPage(t)
	hostile := `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`
	for _, body := range []string{
		`{"message_to": "bob", "message_subject": "<b>bold</b>", "message_body": "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"}`,
		`{"message_to": "bob", "message_subject": "\u202egnirts", "message_body": "javascript:document.title='owned'"}`,
	} {
		if r := api.Must(t, apitest.Request{Method: http.MethodPost, Path: "/chat", Token: as(t, "alice"), Body: body}); r.Status != http.StatusCreated {
			t.Fatal(r)
		}
	}
	bob := signIn(t, api, "bob", browser.Desktop)
	bob.open("alice")
	bob.sees("<b>bold</b>")
	var shown struct {
		Title string
		Text  string
		Tags  int
	}
	bob.Do(chromedp.Evaluate(`({
		Title: document.title, Text: [...document.querySelectorAll(".message p")].map((p) => p.textContent).join("|"),
		Tags: document.querySelectorAll("#messages img, #messages script, #messages b, #messages a").length,
	})`, &shown))
	if shown.Title != "Chat · bob" || shown.Tags != 0 || !strings.Contains(shown.Text, hostile) {
		t.Errorf("the page has %+v", shown)
	}
	// A name is hostile, too.
	bob.open(`<img src=x>`)
	bob.StaysWithin(api.URL)
}

// Without the mouse: tab to the fields, Enter, and into the conversation.
func TestPageKeyboard(t *testing.T) {
	t.Parallel()
	api, _ := startPage(t)
	tab := browser.Open(t, browser.Desktop)
	tab.Do(chromedp.Navigate(api.URL + "/"))
	tab.Await(`document.activeElement.id === "name"`)
	tab.Screenshot("../..", "chat-login.png")
	tab.Do(chromedp.KeyEvent("alice\tnonsense\r"))
	tab.Await(`document.querySelector("#login-problem").textContent === "wrong name or password"`)
	tab.Await(`document.activeElement.id === "password"`)
	tab.Do(chromedp.KeyEvent("alice\r"))
	tab.Await(`document.querySelector("[data-name=bob]")`)
	tab.Do(chromedp.KeyEvent("\t\t\r")) // sign out, then the first conversation
	tab.Await(`document.querySelector("#with").textContent === "bob"`)
	tab.Await(`document.activeElement.id === "subject"`)
	tab.Do(chromedp.KeyEvent("By keyboard\r"))
	tab.Await(`[...document.querySelectorAll(".message h2")].some((h) => h.textContent === "By keyboard")`)
	tab.StaysWithin(api.URL)
}

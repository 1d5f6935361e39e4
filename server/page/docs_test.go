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

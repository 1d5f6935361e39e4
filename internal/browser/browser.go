// Package browser lets tests look at pages with Chromium.
package browser

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

var update = flag.Bool("update", false, "write the screenshots of docs/images")

// limit is how long a page may take for anything, on a machine that does much else.
const limit = 2 * time.Minute

// Tab is a browser with one tab and a profile of its own.
type Tab struct {
	t     *testing.T
	ctx   context.Context
	close func() // ends the browser, and waits for the process

	mu       sync.Mutex
	requests []string
	troubles []string
}

// Look is what a page is looked at with.
type Look struct {
	Width, Height int64
	Phone         bool
	Dark          bool
}

// The looks of the screenshots.
var (
	Desktop     = Look{Width: 1280, Height: 800}
	DesktopDark = Look{Width: 1280, Height: 800, Dark: true}
	Phone       = Look{Width: 390, Height: 844, Phone: true}
	PhoneDark   = Look{Width: 390, Height: 844, Phone: true, Dark: true}
)

// Open starts a browser, which ends with the test. Without Chromium the test is skipped; where CI is set, it fails.
func Open(t *testing.T, look Look) *Tab {
	t.Helper()
	program := find()
	if program == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("Chromium is not installed (Debian's package chromium)")
		}
		t.Skip("Chromium is not installed")
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program), chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless, chromedp.DisableGPU,
		chromedp.NoSandbox, // as root, in containers
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("disable-extensions", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("hide-scrollbars", true), chromedp.Flag("lang", "en-US"),
		chromedp.Flag("force-color-profile", "srgb"), chromedp.WSURLReadTimeout(limit),
	}
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancelTab := chromedp.NewContext(allocator)
	tab := &Tab{t: t, ctx: ctx, close: sync.OnceFunc(func() { _ = chromedp.Cancel(ctx) })} // which must not be called twice
	t.Cleanup(func() {
		tab.close()
		cancelTab()
	})
	chromedp.ListenTarget(ctx, tab.listen)
	tab.Do(network.Enable(), log.Enable(), runtime.Enable())
	tab.Look(look)
	return tab
}

func find() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// listen keeps what the page asks for, and what the browser has to complain about: violations of the policy, errors of
// scripts.
func (b *Tab) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *runtime.EventExceptionThrown:
		b.troubles = append(b.troubles, e.ExceptionDetails.Error())
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError && e.Entry.Source != log.SourceNetwork { // a status of 4xx is no trouble
			b.troubles = append(b.troubles, e.Entry.Text)
		}
	}
}

// Do carries out actions, within a generous time.
func (b *Tab) Do(actions ...chromedp.Action) {
	b.t.Helper()
	if err := b.Try(limit, actions...); err != nil {
		b.t.Fatalf("%v\nthe page reports %q", err, b.Troubles())
	}
}

// Try is Do that returns the error.
func (b *Tab) Try(limit time.Duration, actions ...chromedp.Action) error {
	timer := time.AfterFunc(limit, b.close)
	defer timer.Stop()
	return chromedp.Run(b.ctx, actions...)
}

// Look changes size and colours.
func (b *Tab) Look(look Look) {
	b.t.Helper()
	scheme := "light"
	if look.Dark {
		scheme = "dark"
	}
	scale := 1.0
	if look.Phone {
		scale = 2
	}
	b.Do(
		emulation.SetDeviceMetricsOverride(look.Width, look.Height, scale, look.Phone),
		emulation.SetTouchEmulationEnabled(look.Phone),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}),
	)
}

// Await waits until an expression of JavaScript is true.
func (b *Tab) Await(expression string) {
	b.t.Helper()
	var done bool
	for deadline := time.Now().Add(limit); !done; time.Sleep(50 * time.Millisecond) {
		b.Do(chromedp.Evaluate("!!("+expression+")", &done))
		if !done && time.Now().After(deadline) {
			var text string
			b.Do(chromedp.Evaluate("document.body.innerText", &text))
			b.t.Fatalf("waited in vain for %s; the page reports %q and shows\n%s", expression, b.Troubles(), text)
		}
	}
}

// Text gives what a person sees of the first element of a CSS selector.
func (b *Tab) Text(selector string) string {
	b.t.Helper()
	var text string
	b.Do(chromedp.Text(selector, &text, chromedp.ByQuery))
	return text
}

// Requests are the addresses that the page has asked for.
func (b *Tab) Requests() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.requests...)
}

// Troubles are the errors that the browser has reported.
func (b *Tab) Troubles() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.troubles...)
}

// StaysWithin checks that no request left an origin, data: and blob: aside, and that there were no errors.
func (b *Tab) StaysWithin(origin string) {
	b.t.Helper()
	for _, url := range b.Requests() {
		if !strings.HasPrefix(url, origin+"/") && !strings.HasPrefix(url, "data:") && !strings.HasPrefix(url, "blob:") {
			b.t.Errorf("the page asked for %s", url)
		}
	}
	if troubles := b.Troubles(); len(troubles) > 0 {
		b.t.Errorf("the browser reports %q", troubles)
	}
}

// Screenshot writes what is seen to a file of docs/images, with -update. root is the way to the root of the repository.
func (b *Tab) Screenshot(root, name string) {
	b.t.Helper()
	var image []byte
	b.Do(chromedp.CaptureScreenshot(&image))
	if len(image) < 5_000 {
		b.t.Errorf("the screenshot %s is blank", name)
	}
	if !*update {
		return
	}
	if len(image) > 200_000 {
		b.t.Errorf("the screenshot %s has %d bytes", name, len(image))
	}
	if err := os.WriteFile(filepath.Join(root, "docs", "images", name), image, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

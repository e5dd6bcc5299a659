package acceptance

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/doorpost-auth/doorpost/internal/testkit"
	"github.com/doorpost-auth/doorpost/internal/testkit/browser"
)

// tab is one tab. A test fails if the console of any has an error or a warning
// that was not expected.
type tab struct {
	*browser.Tab
	t        testing.TB
	expected []string
}

// expect allows complaints of the console that have the words.
func (b *tab) expect(words string) { b.expected = append(b.expected, words) }

// checkConsole looks for complaints that were not expected, and returns what the tab
// asked for, both since the last time.
func (b *tab) checkConsole() (requests []string) {
	requests, complaints := b.Heard()
	for _, c := range complaints {
		known := c.Level != "error" && c.Level != "warning"
		for _, words := range b.expected {
			known = known || strings.Contains(c.Text, words)
		}
		if !known {
			b.t.Errorf("the console of the browser says: %s", c.Text)
		}
	}
	return requests
}

// run does steps in the tab.
func (b *tab) run(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.Context, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%v; the page at %s says: %s", err, b.location(), b.text())
	}
}

func (b *tab) open(url string) {
	b.t.Helper()
	b.run(chromedp.Navigate(url))
}

// back leads back to the page before, as the button of the browser does. It does not
// wait for that page: a browser that kept it does not load it.
func (b *tab) back() {
	b.t.Helper()
	if _, err := evaluate[bool](b, "setTimeout(() => history.back()), true"); err != nil { // this page answers before it goes
		b.t.Fatal(err)
	}
}

func (b *tab) click(selector string) {
	b.t.Helper()
	b.run(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// clickInFrame clicks a link in the frame of the page, with the mouse. The
// frame may be sandboxed: no script of the page can look into it, the one that
// finds the place to click runs in the frame itself.
func (b *tab) clickInFrame(frameURL, selector string) {
	b.t.Helper()
	var id target.ID
	await(b.t, "the frame of the page", func() bool {
		targets, err := chromedp.Targets(b.Context)
		for _, info := range targets {
			if info.Type == "iframe" && strings.HasPrefix(info.URL, frameURL) {
				id = info.TargetID
			}
		}
		return err == nil && id != ""
	})
	ctx, cancel := chromedp.NewContext(b.Context, chromedp.WithTargetID(id), chromedp.WithDetachOnCancel())
	defer cancel()
	inner := &tab{t: b.t, Tab: &browser.Tab{Context: ctx}}
	at := func(in *tab, selector string) (place struct{ X, Y, Width, Height float64 }) {
		await(b.t, selector, func() bool {
			found, err := evaluate[struct{ X, Y, Width, Height float64 }](in, `(() => {
				const r = document.querySelector(`+strconv.Quote(selector)+`).getBoundingClientRect();
				return { X: r.x, Y: r.y, Width: r.width, Height: r.height };
			})()`)
			place = found
			return err == nil && place.Width > 0
		})
		return place
	}
	b.run(chromedp.ScrollIntoView(chromedp.CSS("iframe")))
	link, frame := at(inner, selector), at(b, "iframe")
	// Until the browser has painted the frame, a click goes to the page around it.
	before := b.location()
	await(b.t, "a click on "+selector+" to lead on", func() bool {
		b.run(chromedp.MouseClickXY(frame.X+link.X+link.Width/2, frame.Y+link.Y+link.Height/2))
		return testkit.HoldsWithin(2*time.Second, func() bool { now := b.location(); return now != "" && now != before })
	})
}

func (b *tab) typeInto(selector, words string) {
	b.t.Helper()
	b.run(chromedp.SendKeys(chromedp.CSS(selector), words, chromedp.NodeVisible))
}

// withoutScript switches off the scripts of pages.
func (b *tab) withoutScript() {
	b.t.Helper()
	params := emulation.SetScriptExecutionDisabledParams{Value: true}
	if _, err := chromedp.Call(b.Context, emulation.SetScriptExecutionDisabled, params); err != nil {
		b.t.Fatal(err)
	}
}

// evaluate runs an expression in the tab. While the tab is on its way to
// another page, that fails.
func evaluate[T any](b *tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(b.Context, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// text is what the page says, empty while there is none.
func (b *tab) text() string {
	text, _ := evaluate[string](b, `document.body ? document.body.innerText : ""`)
	return text
}

func (b *tab) location() string {
	url, _ := evaluate[string](b, "location.href")
	return url
}

// awaitText waits until the page says the words.
func (b *tab) awaitText(words string) {
	b.t.Helper()
	said := ""
	if !testkit.HoldsWithin(patience, func() bool {
		said = b.text()
		return strings.Contains(said, words)
	}) {
		b.t.Fatalf("the page at %s does not say %q: %s", b.location(), words, said)
	}
}

// awaitScript waits until the page is loaded, and its script has run.
func (b *tab) awaitScript() {
	b.t.Helper()
	await(b.t, "the page to be loaded, and its script", func() bool {
		state, err := evaluate[string](b, "document.readyState")
		return err == nil && state == "complete"
	})
}

// awaitGone waits until the page says the words no more.
func (b *tab) awaitGone(words string) {
	b.t.Helper()
	said := ""
	if !testkit.HoldsWithin(patience, func() bool {
		said = b.text()
		return said != "" && !strings.Contains(said, words)
	}) {
		b.t.Fatalf("the page at %s goes on to say %q: %s", b.location(), words, said)
	}
}

// awaitLocation waits until the address bar has the URL.
func (b *tab) awaitLocation(url string) {
	b.t.Helper()
	if !testkit.HoldsWithin(patience, func() bool { return b.location() == url }) {
		b.t.Fatalf("the tab is at %s, not at %s: %s", b.location(), url, b.text())
	}
}

// awaitArrival waits until a page was opened at a URL. Its script may have written another
// into the address bar since.
func (b *tab) awaitArrival(url string) {
	b.t.Helper()
	await(b.t, "the tab to arrive at "+url, func() bool {
		arrived, err := evaluate[string](b, "performance.getEntriesByType('navigation')[0].name")
		return err == nil && arrived == url
	})
}

// signInByCode asks for a link in the sign-in page that the tab shows, and types the code.
func (b *tab) signInByCode(mail *mailServer, address string) {
	b.t.Helper()
	b.expect(waitingNoise)
	b.expect("/favicon.ico")
	b.awaitText("Type your email address")
	b.typeInto("#email", address+"\r")
	b.awaitText("Check your mail")
	b.typeInto("#code", mail.awaitCode(address)+"\r")
}

// awaitClosed waits until the window has closed.
func (b *tab) awaitClosed() {
	b.t.Helper()
	id := chromedp.FromContext(b.Context).Target.TargetID
	await(b.t, "the window to close", func() bool {
		targets, err := chromedp.Targets(b.Context)
		return err != nil || !slices.ContainsFunc(targets, func(info *target.Info) bool { return info.TargetID == id })
	})
}

// picture keeps what the tab shows, if pictures are wanted.
func (b *tab) picture(name string) {
	b.t.Helper()
	folder := os.Getenv("DOORPOST_SCREENSHOTS")
	if folder == "" {
		return
	}
	ctx, cancel := context.WithTimeout(b.Context, patience)
	defer cancel()
	if err := b.Picture(ctx, filepath.Join(folder, name+".png")); err != nil {
		b.t.Error(err)
	}
}

package acceptance

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// tab is one tab. A test fails if the console of any has a complaint that was
// not expected.
type tab struct {
	t   testing.TB
	ctx context.Context

	mu       sync.Mutex
	console  []string
	expected []string
}

func (b *tab) listen(event any) {
	complaint := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		complaint = fmt.Sprintf("exception: %s at %s:%d", e.ExceptionDetails.Text, e.ExceptionDetails.URL, e.ExceptionDetails.LineNumber)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			complaint = fmt.Sprintf("console.%s: %v", e.Type, e.Args)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			complaint = fmt.Sprintf("%s: %s (%s)", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	}
	if complaint != "" {
		b.mu.Lock()
		b.console = append(b.console, complaint)
		b.mu.Unlock()
	}
}

// expect allows complaints of the console that have the words.
func (b *tab) expect(words string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expected = append(b.expected, words)
}

func (b *tab) checkConsole() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, complaint := range b.console {
		known := false
		for _, words := range b.expected {
			known = known || strings.Contains(complaint, words)
		}
		if !known {
			b.t.Errorf("the console of the browser says: %s", complaint)
		}
	}
}

// run does steps in the tab.
func (b *tab) run(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%v; the page at %s says: %s", err, b.location(), b.text())
	}
}

func (b *tab) open(url string) {
	b.t.Helper()
	b.run(chromedp.Navigate(url))
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
		targets, err := chromedp.Targets(b.ctx)
		for _, info := range targets {
			if info.Type == "iframe" && strings.HasPrefix(info.URL, frameURL) {
				id = info.TargetID
			}
		}
		return err == nil && id != ""
	})
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithTargetID(id), chromedp.WithDetachOnCancel())
	defer cancel()
	inner := &tab{t: b.t, ctx: ctx}
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
		return holdsWithin(2*time.Second, func() bool { now := b.location(); return now != "" && now != before })
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
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, params); err != nil {
		b.t.Fatal(err)
	}
}

// evaluate runs an expression in the tab. While the tab is on its way to
// another page, that fails.
func evaluate[T any](b *tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
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
	if !holdsWithin(patience, func() bool {
		said = b.text()
		return strings.Contains(said, words)
	}) {
		b.t.Fatalf("the page at %s does not say %q: %s", b.location(), words, said)
	}
}

// awaitGone waits until the page says the words no more.
func (b *tab) awaitGone(words string) {
	b.t.Helper()
	said := ""
	if !holdsWithin(patience, func() bool {
		said = b.text()
		return said != "" && !strings.Contains(said, words)
	}) {
		b.t.Fatalf("the page at %s goes on to say %q: %s", b.location(), words, said)
	}
}

// awaitLocation waits until the address bar has the URL.
func (b *tab) awaitLocation(url string) {
	b.t.Helper()
	if !holdsWithin(patience, func() bool { return b.location() == url }) {
		b.t.Fatalf("the tab is at %s, not at %s: %s", b.location(), url, b.text())
	}
}

// picture keeps what the tab shows, if pictures are wanted.
func (b *tab) picture(name string) {
	b.t.Helper()
	folder := os.Getenv("DOORPOST_SCREENSHOTS")
	if folder == "" {
		return
	}
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.MkdirAll(folder, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name+".png"), png, 0o644)
	}
	if err != nil {
		b.t.Errorf("keeping a picture: %v", err)
	}
}

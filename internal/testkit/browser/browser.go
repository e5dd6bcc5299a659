// Package browser drives Chromium for tests and pictures: one program, people
// with cookies of their own in it, and tabs that remember what they asked for
// and what they complained about. It is a module of its own, so that nothing of
// what it needs reaches a build of Doorpost.
package browser

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// headless is Chromium without a window around its pages, which takes half of the CPU time.
const headless = "chromium-headless-shell"

// Start starts Chromium: the program that the environment variable CHROMIUM
// names, or headless, with further options. The context is for NewProfile and NewTab; stop
// ends it all.
func Start(ctx context.Context, further ...chromedp.ExecAllocatorOption) (browser context.Context, stop func(), err error) {
	name := cmp.Or(os.Getenv("CHROMIUM"), headless)
	program, err := exec.LookPath(name)
	if err != nil {
		return nil, nil, fmt.Errorf("looking for Chromium: %w: install it (Debian: apt-get install "+headless+"), or name another program in the environment variable CHROMIUM", err)
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(program), chromedp.Headless, chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.Flag("disable-background-networking", true), chromedp.WindowSize(1000, 900),
		chromedp.Flag("site-per-process", true)) // as browsers of people have it, and chromedp has not
	allocator, cancelAllocator := chromedp.NewExecAllocator(ctx, append(options, further...)...)
	browser, cancel := chromedp.NewContext(allocator)
	stop = func() {
		cancel()
		cancelAllocator()
	}
	if err := chromedp.Do(browser); err != nil {
		stop()
		return nil, nil, fmt.Errorf("starting chromium: %w", err)
	}
	return browser, stop, nil
}

// NewProfile is the browser of one person: its tabs share cookies, with no
// other profile. A proxy (host:port), unless it is empty, gets all requests to
// hosts other than loopback.
func NewProfile(browser context.Context, proxy string) (profile context.Context, stop func(), err error) {
	profile, stop = chromedp.NewContext(browser, chromedp.WithNewBrowserContext(func(p *target.CreateBrowserContextParams) { p.ProxyServer = proxy }))
	if err := chromedp.Do(profile); err != nil {
		stop()
		return nil, nil, fmt.Errorf("opening a profile: %w", err)
	}
	return profile, stop, nil
}

// Tab is one tab.
type Tab struct {
	Context context.Context // for chromedp

	mu         sync.Mutex
	requests   []string
	complaints []Complaint
	loading    map[network.RequestID]bool
	sockets    Sockets
}

// Sockets counts the WebSockets of a tab.
type Sockets struct {
	Tried, Opened, Closed int // Closed counts what was never open, too
	Received              int // messages
}

// Complaint is what a browser writes into its console.
type Complaint struct {
	Level string // "error", "warning", or less
	Text  string
}

// NewTab opens a tab of a browser or of a profile.
func NewTab(in context.Context) (tab *Tab, stop func(), err error) { return newTab(in) }

// Join is NewTab for a window that a page of a profile has opened, the first that no
// other Tab has. tab is nil while there is none.
func Join(profile context.Context) (tab *Tab, stop func(), err error) {
	targets, err := chromedp.Targets(profile)
	if err != nil {
		return nil, nil, fmt.Errorf("looking for windows: %w", err)
	}
	for _, info := range targets {
		if info.Type == "page" && !info.Attached && info.BrowserContextID == chromedp.FromContext(profile).BrowserContextID {
			return newTab(profile, chromedp.WithTargetID(info.TargetID))
		}
	}
	return nil, nil, nil
}

func newTab(in context.Context, options ...chromedp.ContextOption) (tab *Tab, stop func(), err error) {
	tab = &Tab{loading: make(map[network.RequestID]bool)}
	tab.Context, stop = chromedp.NewContext(in, append(options, chromedp.WithListener(tab.listen))...)
	if err := chromedp.Do(tab.Context); err != nil {
		stop()
		return nil, nil, fmt.Errorf("opening a tab: %w", err)
	}
	return tab, stop, nil
}

func (b *Tab) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	complain := func(level, format string, about ...any) {
		b.complaints = append(b.complaints, Complaint{level, fmt.Sprintf(format, about...)})
	}
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
		b.loading[e.RequestID] = true
	case *network.EventLoadingFinished:
		delete(b.loading, e.RequestID)
	case *network.EventLoadingFailed:
		delete(b.loading, e.RequestID)
	case *network.EventWebSocketCreated:
		b.sockets.Tried++
	case *network.EventWebSocketHandshakeResponseReceived:
		if e.Response.Status == http.StatusSwitchingProtocols {
			b.sockets.Opened++
		}
	case *network.EventWebSocketFrameReceived:
		b.sockets.Received++
	case *network.EventWebSocketClosed:
		b.sockets.Closed++
	case *runtime.EventExceptionThrown:
		complain("error", "exception: %s at %s:%d", e.ExceptionDetails.Text, e.ExceptionDetails.URL, e.ExceptionDetails.LineNumber)
	case *runtime.EventConsoleAPICalled:
		complain(string(e.Type), "console.%s: %v", e.Type, e.Args)
	case *log.EventEntryAdded:
		complain(string(e.Entry.Level), "%s: %s (%s)", e.Entry.Source, e.Entry.Text, e.Entry.URL)
	}
}

// Heard returns what the tab asked for and complained about since the last time.
func (b *Tab) Heard() (requests []string, complaints []Complaint) {
	b.mu.Lock()
	defer b.mu.Unlock()
	requests, complaints = b.requests, b.complaints
	b.requests, b.complaints = nil, nil
	return requests, complaints
}

// IsLoading reports whether the tab waits for an answer, WebSockets aside.
func (b *Tab) IsLoading() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.loading) > 0
}

// Sockets counts the WebSockets of the tab so far.
func (b *Tab) Sockets() Sockets {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sockets
}

// Shot is the whole page as a PNG, at a scale. It makes the window as high as the page, and
// leaves it so: what Chromium draws beyond its window is displaced where writing runs from
// right to left.
func (b *Tab) Shot(ctx context.Context, scale float64) ([]byte, error) {
	metrics, err := chromedp.Call(ctx, page.GetLayoutMetrics, cdp.Empty{})
	if err != nil {
		return nil, fmt.Errorf("measuring the page: %w", err)
	}
	width, height := metrics.CSSLayoutViewport.ClientWidth, int64(math.Ceil(metrics.CSSContentSize.Height))
	if height > metrics.CSSLayoutViewport.ClientHeight {
		if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height)); err != nil {
			return nil, fmt.Errorf("making the window as high as the page: %w", err)
		}
	}
	taken, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{
		OptimizeForSpeed: new(true),
		Clip:             &page.Viewport{Width: float64(width), Height: float64(height), Scale: scale},
	})
	if err != nil {
		return nil, fmt.Errorf("taking a picture: %w", err)
	}
	return taken.Data, nil
}

// Picture writes what the tab shows to a PNG file, and makes the folder for it.
func (b *Tab) Picture(ctx context.Context, path string) error {
	png, err := b.Shot(ctx, 1)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("keeping a picture: %w", err)
	}
	if err := os.WriteFile(path, png, 0o644); err != nil {
		return fmt.Errorf("keeping a picture: %w", err)
	}
	return nil
}

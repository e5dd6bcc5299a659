package main

import (
	"context"
	"fmt"
	"os"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is a tab of Chromium that records its requests and complaints.
type browser struct {
	ctx context.Context

	mu         sync.Mutex
	requests   []string
	complaints []string
}

// openBrowser starts Chromium; close ends it.
func openBrowser(ctx context.Context) (b *browser, closing func(), err error) {
	program := os.Getenv("CHROMIUM")
	if program == "" {
		program = "/usr/bin/chromium"
	}
	allocator, cancelAllocator := chromedp.NewExecAllocator(ctx, chromedp.ExecPath(program),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-background-networking", true))
	tab, cancelTab := chromedp.NewContext(allocator)
	closing = func() {
		cancelTab()
		cancelAllocator()
	}
	b = &browser{ctx: tab}
	if err := chromedp.Listen(tab, b.listen); err != nil {
		closing()
		return nil, nil, fmt.Errorf("starting the browser: %w", err)
	}
	return b, closing, nil
}

func (b *browser) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *cdplog.EventEntryAdded:
		b.complaints = append(b.complaints, fmt.Sprintf("browser: %s %s", e.Entry.Text, e.Entry.URL))
	case *runtime.EventConsoleAPICalled:
		b.complaints = append(b.complaints, fmt.Sprintf("console: %d values, first %s", len(e.Args), e.Args[0].Value))
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, "script: "+e.ExceptionDetails.Text)
	}
}

// heard returns the requests and complaints of the browser since the last call.
func (b *browser) heard() (requests, complaints []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	requests, complaints = b.requests, b.complaints
	b.requests, b.complaints = nil, nil
	return requests, complaints
}

// visit opens an address in a colour scheme, "light" or "dark", at a size.
func (b *browser) visit(address, scheme string, width, height int64) error {
	colors := func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	}
	err := chromedp.Do(b.ctx,
		chromedp.Func(colors),
		chromedp.EmulateViewport(width, height),
		// An address that differs in the fragment only would not load again.
		chromedp.Navigate("about:blank"),
		chromedp.Navigate(address),
	)
	if err != nil {
		return fmt.Errorf("visiting: %w", err)
	}
	// A page that scrolls sideways is hard to use on a phone.
	wider, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](
		`document.documentElement.scrollWidth > document.documentElement.clientWidth`))
	if err != nil {
		return fmt.Errorf("measuring: %w", err)
	}
	if wider {
		return fmt.Errorf("the page is wider than the screen")
	}
	return nil
}

// picture writes the whole page to a PNG file.
func (b *browser) picture(target string) error {
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		return fmt.Errorf("taking the picture: %w", err)
	}
	if err := os.WriteFile(target, png, 0o600); err != nil {
		return fmt.Errorf("writing the picture: %w", err)
	}
	return nil
}

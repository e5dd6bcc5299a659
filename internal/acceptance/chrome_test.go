package acceptance

import (
	"context"
	"os/exec"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// chrome is the browser that all tests share. Each has profiles of its own in
// it.
var chrome sharedBrowser

type sharedBrowser struct {
	once   sync.Once
	ctx    context.Context
	cancel []func()
	err    error
}

func (b *sharedBrowser) open() (context.Context, error) {
	b.once.Do(func() {
		program, err := exec.LookPath("chromium")
		if err != nil {
			b.err = err
			return
		}
		options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.Headless, chromedp.NoSandbox,
			chromedp.DisableGPU, chromedp.Flag("disable-background-networking", true), chromedp.WindowSize(1000, 900))
		allocator, cancelAllocator := chromedp.NewExecAllocator(context.Background(), options...)
		ctx, cancel := chromedp.NewContext(allocator)
		b.ctx, b.cancel = ctx, []func(){cancel, cancelAllocator}
		b.err = chromedp.Do(ctx)
	})
	return b.ctx, b.err
}

func (b *sharedBrowser) close() {
	for _, cancel := range b.cancel {
		cancel()
	}
}

// profile is a browser of one person: its tabs share cookies, with no other
// profile.
type profile struct {
	t   testing.TB
	ctx context.Context
}

func newProfile(t testing.TB) *profile {
	t.Helper()
	shared, err := chrome.open()
	if err != nil {
		t.Fatal("starting chromium:", err)
	}
	ctx, cancel := chromedp.NewContext(shared, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal("opening a profile:", err)
	}
	return &profile{t, ctx}
}

func (p *profile) newTab() *tab {
	p.t.Helper()
	tab := &tab{t: p.t}
	ctx, cancel := chromedp.NewContext(p.ctx, chromedp.WithListener(tab.listen))
	tab.ctx = ctx
	p.t.Cleanup(func() {
		cancel()
		tab.checkConsole()
	})
	if err := chromedp.Do(ctx); err != nil {
		p.t.Fatal("opening a tab:", err)
	}
	return tab
}

package acceptance

import (
	"context"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/chromedp"

	"github.com/doorpost-auth/doorpost/internal/testkit/browser"
)

// chrome is the browser that all tests share. Each has profiles of its own in
// it.
var chrome sharedBrowser

type sharedBrowser struct {
	once sync.Once
	ctx  context.Context
	stop func()
	err  error
}

func (b *sharedBrowser) open() (context.Context, error) {
	b.once.Do(func() { b.ctx, b.stop, b.err = browser.Start(context.Background()) })
	return b.ctx, b.err
}

func (b *sharedBrowser) close() {
	if b.stop != nil {
		b.stop()
	}
}

// profile is a browser of one person: its tabs share cookies, with no other
// profile.
type profile struct {
	t      testing.TB
	ctx    context.Context
	trusts bool // any certificate
}

func newProfile(t testing.TB) *profile {
	t.Helper()
	return newProfileBehind(t, "")
}

// newProfileBehind is a browser whose requests go through a proxy. It trusts
// whatever certificate comes by it.
func newProfileBehind(t testing.TB, proxy string) *profile {
	t.Helper()
	shared, err := chrome.open()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop, err := browser.NewProfile(shared, proxy)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return &profile{t, ctx, proxy != ""}
}

func (p *profile) newTab() *tab {
	p.t.Helper()
	opened, stop, err := browser.NewTab(p.ctx)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.use(opened, stop)
}

// window is the one that a page has opened, once it is there.
func (p *profile) window() *tab {
	p.t.Helper()
	var opened *browser.Tab
	var stop func()
	await(p.t, "a window to open", func() bool {
		var err error
		if opened, stop, err = browser.Join(p.ctx); err != nil {
			p.t.Fatal(err)
		}
		return opened != nil
	})
	return p.use(opened, stop)
}

// use makes a tab of one that is open.
func (p *profile) use(opened *browser.Tab, stop func()) *tab {
	p.t.Helper()
	tab := &tab{t: p.t, Tab: opened}
	if p.trusts {
		if _, err := chromedp.Call(opened.Context, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true}); err != nil {
			p.t.Fatal(err)
		}
	}
	p.t.Cleanup(func() {
		stop()
		tab.checkConsole()
	})
	return tab
}

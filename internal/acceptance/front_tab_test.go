package acceptance

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"strings"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// showAsked is an app that shows who asks for what.
func showAsked(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><meta name=viewport content="width=device-width"><title>App</title><link rel=icon href="data:,"><h1>%s</h1><p>%s asks for %s</p>`,
		html.EscapeString(r.Host), html.EscapeString(r.Header.Get("Remote-User")), html.EscapeString(r.RequestURI))
}

// visitor is a browser as far as HTTP goes, at one of the origins.
func (f *front) visitor(origin string) *visitor { return visitorBehindTLS(f.t, origin, f.dial) }

// profile is the browser of one person.
func (f *front) profile() *profile {
	if f.plan.onLoopback {
		return newProfile(f.t)
	}
	return newProfileBehind(f.t, "http://"+f.proxy())
}

// tab is a new tab of a browser that asks while it waits, and looks for an icon.
func (f *front) tab(of *profile) *tab {
	b := of.newTab()
	b.expect(waitingNoise)
	b.expect("/favicon.ico")
	return b
}

// ask opens a page without a session, and asks for a link.
func (f *front) ask(b *tab, url, address string) message {
	b.t.Helper()
	b.open(url)
	b.awaitText("Type your email address")
	if !strings.HasPrefix(b.location(), f.portal+"/_doorpost/enter?") {
		b.t.Errorf("the form is at %s, not at the portal", b.location())
	}
	b.typeInto("#email", address)
	b.click("form button")
	b.awaitText("Check your mail")
	return f.mail.await(address)
}

// arrives waits for the app to show its page to somebody, at the very URL.
func (b *tab) arrives(url, address string) {
	b.t.Helper()
	b.awaitLocation(url)
	url, _, _ = strings.Cut(url, "#")
	host, path, _ := strings.Cut(strings.SplitN(url, "://", 2)[1], "/")
	b.awaitText(host + "\n\n" + address + " asks for /" + path)
}

// steps are the documents that a tab asked for since the last time, each with those that
// redirected to it.
func (b *tab) steps() (all []string) {
	for _, url := range b.checkConsole() {
		if !strings.HasPrefix(url, "data:") {
			all = append(all, url)
		}
	}
	return all
}

// cookies are the names of the cookies that a browser sends to a site.
func (b *tab) cookies(origin string) (names []string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.Context, patience)
	defer cancel()
	all, err := chromedp.Call(ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{origin}})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, cookie := range all.Cookies {
		names = append(names, cookie.Name)
	}
	return names
}

// forget deletes all cookies of a site.
func (b *tab) forget(origin string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.Context, patience)
	defer cancel()
	for _, name := range b.cookies(origin) {
		if _, err := chromedp.Call(ctx, network.DeleteCookies, network.DeleteCookiesParams{Name: name, URL: origin}); err != nil {
			b.t.Fatal(err)
		}
	}
}

// goBack goes back in the history until another page is shown, whether the browser kept it
// or loads it.
func (b *tab) goBack(steps int) {
	b.t.Helper()
	b.awaitScript()
	const mark = "window.shownBeforeGoingBack"
	if _, err := evaluate[bool](b, fmt.Sprintf("%s = true, setTimeout(() => history.go(-%d)), true", mark, steps)); err != nil {
		b.t.Fatal(err)
	}
	await(b.t, "the page before", func() bool {
		left, err := evaluate[bool](b, "!"+mark+" && document.readyState === 'complete'")
		return err == nil && left
	})
}

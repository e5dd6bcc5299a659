package acceptance

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// town is a gate with a portal and two sites behind it, in one process.
type town struct {
	*recipe
	portal, app, wiki string // origins
}

// plan says how a town differs from the usual one.
type plan struct {
	onLoopback bool   // by http, on hosts below localhost, where browsers take service workers; else by https
	global     string // more lines of the global option doorpost
	wiki       string // lines of its directive; default: allow *@example.com

	serve http.HandlerFunc // the app; default: showAsked. The wiki is always showAsked
}

// showAsked is an app that shows who asks for what.
func showAsked(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><meta name=viewport content="width=device-width"><title>App</title><link rel=icon href="data:,"><h1>%s</h1><p>%s asks for %s</p>`,
		html.EscapeString(r.Host), html.EscapeString(r.Header.Get("Remote-User")), html.EscapeString(r.RequestURI))
}

func startTown(t testing.TB, p plan) *town {
	t.Helper()
	if p.serve == nil {
		p.serve = showAsked
	}
	if p.wiki == "" {
		p.wiki = "allow *@example.com"
	}
	w := &town{portal: "https://login.three.example", app: "https://app.one.example", wiki: "https://wiki.two.example"}
	port := testkit.FreePort()
	if p.onLoopback {
		w.portal, w.app, w.wiki = "http://login.localhost:"+port, "http://app.localhost:"+port, "http://wiki.localhost:"+port
	}
	app, wiki := httptest.NewServer(p.serve), httptest.NewServer(http.HandlerFunc(showAsked))
	t.Cleanup(app.Close)
	t.Cleanup(wiki.Close)
	w.recipe = startSites(t, fmt.Sprintf(`{
	doorpost {
		portal %s
		limit client 100000 1m
		%s
	}
}
%s {
	log
	doorpost_portal
}
%s {
	log
	doorpost {
		allow *@example.com
	}
	reverse_proxy %s
}
%s {
	log
	doorpost {
		%s
	}
	reverse_proxy %s
}
`, w.portal, p.global, w.portal, w.app, strings.TrimPrefix(app.URL, "http://"), w.wiki, p.wiki, strings.TrimPrefix(wiki.URL, "http://")))
	if p.onLoopback {
		w.port = port
	}
	w.at(w.portal)
	return w
}

// visitor is a browser as far as HTTP goes, at one of the origins, on loopback.
func (w *town) visitor(origin string) *visitor { return newVisitor(w.t, origin, "127.0.0.1:"+w.port) }

// profile is the browser of one person.
func (w *town) profile() *profile {
	if strings.HasPrefix(w.portal, "http://") {
		return newProfile(w.t)
	}
	return w.recipe.profile()
}

// tab is a new tab of a browser that asks while it waits, and looks for an icon.
func (w *town) tab(of *profile) *tab {
	b := of.newTab()
	b.expect(waitingNoise)
	b.expect("/favicon.ico")
	return b
}

// ask opens a page without a session, and asks for a link.
func (w *town) ask(b *tab, url, address string) message {
	b.t.Helper()
	b.open(url)
	b.awaitText("Type your email address")
	if !strings.HasPrefix(b.location(), w.portal+"/_doorpost/enter?") {
		b.t.Errorf("the form is at %s, not at the portal", b.location())
	}
	b.typeInto("#email", address)
	b.click("form button")
	b.awaitText("Check your mail")
	return w.mail.await(address)
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

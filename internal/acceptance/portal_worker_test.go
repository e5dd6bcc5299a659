package acceptance

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// shellApp is an app whose worker answers navigations with a page that it kept, signed in or
// not, as many frameworks have it. The page shows what the app says of the person.
func shellApp(portal func() string, unless string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/worker.js":
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = io.WriteString(w, `oninstall = e => e.waitUntil(caches.open("shell").then(c => c.add("/shell")).then(() => skipWaiting()));
onactivate = e => e.waitUntil(clients.claim());
onfetch = e => { if (e.request.mode === "navigate" && !(`+unless+`)) e.respondWith(caches.match("/shell")) };`)
		case "/api":
			_, _ = io.WriteString(w, r.Header.Get("Remote-User"))
		default:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, `<!doctype html><title>App</title><link rel=icon href="data:,"><h1>The shell</h1><p id=who></p>
<a id=portal href="`+portal()+`/">Your account</a> <a id=here href="/_doorpost/sign-in?to=/inbox%3Fbox=2">Sign in</a>
<script>
fetch("/api").then(async r => { document.querySelector("#who").textContent = r.ok ? "Hello " + await r.text() : "Status " + r.status });
navigator.serviceWorker.register("/worker.js");
</script>`)
		}
	}
}

func TestAWorkerThatAnswersFromItsCacheKeepsNobodyFromSigningIn(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]struct{ unless, link string }{
		"all but ours":    {`new URL(e.request.url).pathname.startsWith("/_doorpost")`, "#here"},
		"the whole of it": {"false", "#portal"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var w *front
			w = startFront(t, plan{onLoopback: true, serve: shellApp(func() string { return w.portal }, way.unless)})
			tab := w.tab(w.profile())
			tab.expect("401")
			tab.open(w.ask(tab, w.app+"/", "ada@example.com").link)
			tab.awaitText("Hello ada@example.com")
			await(t, "the worker", func() bool {
				ready, err := evaluate[bool](tab, "navigator.serviceWorker.ready.then(() => !!navigator.serviceWorker.controller)")
				return err == nil && ready
			})
			tab.open(w.portal + "/_doorpost/sign-out")
			tab.click("form button")
			tab.awaitText("You are signed out")

			tab.open(w.app + "/inbox")
			tab.awaitText("Status 401") // in the shell, which the worker kept
			tab.click(way.link)
			tab.awaitText("Type your email address")
			if !strings.HasPrefix(tab.location(), w.portal+"/") {
				t.Errorf("the form is at %s", tab.location())
			}
			tab.typeInto("#email", "ada@example.com")
			tab.click("form button")
			tab.awaitText("Check your mail")
			tab.open(w.mail.await("ada@example.com").link)
			if way.link == "#here" {
				// The page comes from the cache: the gate has not seen anybody yet. The link, which
				// it does see, shows no page on its way.
				tab.awaitLocation(w.app + "/inbox?box=2")
				tab.awaitText("Status 401")
				tab.click(way.link)
				tab.awaitText("Hello ada@example.com")
				tab.awaitLocation(w.app + "/inbox?box=2")
			} else {
				tab.awaitLocation(w.portal + "/_doorpost/account")
				tab.awaitText("You are signed in as ada@example.com.")
			}
			tab.open(w.wiki + "/")
			tab.arrives(w.wiki+"/", "ada@example.com")
		})
	}
}

// A worker may take a ticket for its own app, asked for by a thief. The thief gets no further
// than that app, and no longer than the person stays.
func TestATicketThatAWorkerTakesIsGoodForItsAppOnly(t *testing.T) {
	t.Parallel()
	app := newHostileApp(t)
	w := startFront(t, plan{onLoopback: true, serve: app.serve})
	tab := w.tab(w.profile())
	tab.open(w.ask(tab, w.app+"/", "ada@example.com").link)
	tab.arrives(w.app+"/", "ada@example.com")
	tab.settle()

	thief := w.visitor(w.app)
	tab.open(strings.Replace(thief.open("/").location(), "to=%2F", "to=%2Ftake-it", 1)) // as a script of the app may
	tab.awaitText("taken")
	var ticket string
	await(t, "the ticket", func() bool {
		for line := range strings.SplitSeq(app.learned(), "\n") {
			// Not that of the icon, which has the ticket in its referrer.
			if path, found := strings.CutPrefix(line, "navigate "+w.app); found && strings.Contains(path, "take-it") && strings.Contains(path, "ticket=") {
				ticket, _, _ = strings.Cut(path, " ")
			}
		}
		return ticket != ""
	})
	thief.open(ticket)
	if who := thief.who(); who != "ada@example.com" {
		t.Fatalf("the thief is %q: if no worker can take tickets any more, the documents may say so", who)
	}
	_, session := thief.sessionCookie()
	for _, origin := range []string{w.portal, w.wiki} {
		further := w.visitor(origin)
		for name := range thief.cookies {
			further.cookies[name] = session
		}
		if who := further.who(); who != "" {
			t.Errorf("with the session of the app the thief is %q at %s", who, origin)
		}
	}
	tab.open(w.portal + "/_doorpost/sign-out")
	tab.click("form button")
	tab.awaitText("You are signed out")
	thief.isOut()
}

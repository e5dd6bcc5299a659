package acceptance

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const renewPath = "/_doorpost/renew"

// listening is a page of an app that notes what it is told of a sign-in.
const listening = `<!doctype html><title>App</title><link rel=icon href="data:,"><p id=heard>heard:</p>
<script>
	const note = (how) => { document.querySelector("#heard").textContent += " " + how };
	addEventListener("message", (e) => note("message " + e.data + " of " + e.origin));
	new BroadcastChannel("doorpost").onmessage = (e) => note("channel " + e.data);
</script>`

func serveListening(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(listening))
}

// opensSignIn opens the window of a sign-in at an origin, as a click in the app does.
func (b *tab) opensSignIn(origin string) {
	b.t.Helper()
	if _, err := evaluate[bool](b, `window.opened = open("`+origin+renewPath+`", "doorpost", "popup,width=480,height=640"), true`); err != nil {
		b.t.Fatal(err)
	}
}

func TestTheWindowOfASignInTellsItsOpenerAndAllTabsOfItsOrigin(t *testing.T) {
	t.Parallel()
	for name, onTown := range map[string]bool{"without a portal": false, "with a portal": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var g *stage
			var origin string
			if onTown {
				w := startFront(t, plan{onLoopback: true, serve: serveListening})
				g, origin = w.stage, w.app
			} else {
				app := httptest.NewServer(http.HandlerFunc(serveListening))
				t.Cleanup(app.Close)
				g = start(t, setup{site: "allow *@example.com\npublic /open", behind: "reverse_proxy " + app.Listener.Addr().String()})
				origin = g.origin
			}
			person := newProfile(t)
			opener, other, foreign := person.newTab(), person.newTab(), person.newTab()
			for _, tab := range []*tab{opener, other} { // they were opened with a session
				tab.open(origin + renewPath)
				if tab == opener {
					tab.signInByCode(g.mail, "ada@example.com")
				}
				tab.awaitText("You are signed in")
				tab.expect("Scripts may close only the windows that were opened by them")
				tab.open(origin + "/open")
				tab.awaitText("heard:")
			}
			g.endSessions("ada@example.com")
			elsewhere := httptest.NewServer(http.HandlerFunc(serveListening))
			t.Cleanup(elsewhere.Close)
			foreign.open(elsewhere.URL)

			opener.opensSignIn(origin)
			window := person.window()
			window.signInByCode(g.mail, "ada@example.com")
			window.awaitClosed()
			opener.awaitText("message doorpost:renewed of " + origin)
			opener.awaitText("channel doorpost:renewed")
			other.awaitText("heard: channel doorpost:renewed")

			// The opener is of another origin. It hears nothing, also of the tabs that do.
			foreign.opensSignIn(origin) // it closes at once: somebody is signed in
			other.awaitText("heard: channel doorpost:renewed channel doorpost:renewed")
			await(t, "the window to close", func() bool {
				closed, err := evaluate[bool](foreign, "opened.closed")
				return err == nil && closed
			})
			if heard := foreign.text(); heard != "heard:" {
				t.Errorf("a page of another origin %s", heard)
			}
			if heard := other.text(); strings.Contains(heard, "message") {
				t.Errorf("a tab that opened nothing %s", heard)
			}
		})
	}
}

// While somebody signs in for the window, no page on the way cuts the tie to its opener;
// all other pages do.
func TestOnlyTheWindowOfASignInKeepsItsOpener(t *testing.T) {
	t.Parallel()
	tied := []string{"Cross-Origin-Opener-Policy", "unsafe-none"}
	g := start(t, setup{})
	v := g.visitor()
	v.unlike = tied
	v.open(renewPath).leadsTo(t, "/_doorpost/sign-in?to=%2F_doorpost%2Frenew")
	page := v.open("/_doorpost/sign-in?to=%2F_doorpost%2Frenew").is(t, http.StatusOK)
	v.press(page, "/_doorpost/sign-in", "email", "no address").is(t, http.StatusUnprocessableEntity)
	v.press(page, "/_doorpost/sign-in", "email", "ada@example.com").leadsTo(t, "/_doorpost/check-mail")
	page = v.open("/_doorpost/check-mail").is(t, http.StatusOK)
	v.press(page, "/_doorpost/code", "code", "AAAA-2222").is(t, http.StatusUnprocessableEntity)
	v.press(page, "/_doorpost/code", "code", g.mail.await("ada@example.com").code).leadsTo(t, renewPath)
	v.open(renewPath).is(t, http.StatusOK).says(t, "You are signed in")

	v = g.visitor() // each answer is held to same-origin
	for _, path := range []string{"/", "/_doorpost/sign-in", "/_doorpost/sign-in?to=%2F_doorpost%2Frenew%2Fx", "/_doorpost/sign-in?to=%2F_doorpost%2Frenew%3Fx", "/_doorpost/session", "/_doorpost/session.js", "/_doorpost/account", "/_doorpost/link"} {
		v.open(path)
	}
	v.submit("/save", "text", "x").says(t, "Sign in, then send it again")
	v.ask("ada@example.com", "/").leadsTo(t, "/_doorpost/check-mail")
	page = v.open("/_doorpost/check-mail").is(t, http.StatusOK)
	v.press(page, "/_doorpost/code", "code", g.mail.await("ada@example.com").code).leadsTo(t, "/")
	v.open("/_doorpost/account").is(t, http.StatusOK)

	w := startFront(t, plan{onLoopback: true})
	app, portal := w.visitor(w.app), w.visitor(w.portal)
	app.unlike, portal.unlike = tied, tied
	enter := app.open(renewPath).is(t, http.StatusSeeOther).location()
	page = portal.open(strings.TrimPrefix(enter, w.portal)).is(t, http.StatusOK)
	portal.press(page, "/_doorpost/sign-in", "email", "ada@example.com").leadsTo(t, "/_doorpost/check-mail")
	page = portal.open("/_doorpost/check-mail").is(t, http.StatusOK)
	back := portal.press(page, "/_doorpost/code", "code", w.mail.await("ada@example.com").code).is(t, http.StatusSeeOther).location()
	for range 3 {
		at, there := app, w.app
		if strings.HasPrefix(back, w.portal) {
			at, there = portal, w.portal
		}
		back = at.open(strings.TrimPrefix(back, there)).location()
	}
	if back != "" && back != renewPath {
		t.Errorf("from the portal the window comes to %q", back)
	}
	app.open(renewPath).is(t, http.StatusOK).says(t, "You are signed in")
}

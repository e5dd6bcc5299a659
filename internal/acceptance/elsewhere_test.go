package acceptance

import (
	"net/http"
	"strings"
	"testing"
)

func TestLinkInAnotherBrowserNeedsADeliberateClick(t *testing.T) {
	t.Parallel()
	g := start(t, setup{global: "brand {\nname \"Corner Library\"\n}"})
	asked, other := g.visitor(), g.visitor()
	asked.ask("ada@example.com", "/books?shelf=7").leadsTo(t, "/_doorpost/check-mail")
	m := g.mail.await("ada@example.com")

	other.open("/_doorpost/link").is(t, http.StatusOK).setsNoSession(t)
	page := other.submit("/_doorpost/link", "token", m.token).is(t, http.StatusOK).setsNoSession(t)
	page.says(t, "ada@example.com").says(t, "Corner Library").says(t, "with Chrome on Linux")
	if other.who() != "" {
		t.Fatal("one bare POST signed in")
	}
	forms := page.forms(t)
	if len(forms) != 1 {
		t.Fatalf("the confirm page has %d forms, want one", len(forms))
	}
	other.submit(forms[0].action, forms[0].fields...).leadsTo(t, "/books?shelf=7")
	if who := other.who(); who != "ada@example.com" {
		t.Errorf("confirmed, and %q is signed in", who)
	}
	if who := asked.who(); who != "" {
		t.Errorf("%q was signed in from another browser", who)
	}
	asked.open("/_doorpost/check-mail").is(t, http.StatusOK)
}

func TestConfirmationIsGoodForItsOwnLinkOnly(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	asked, other := g.visitor(), g.visitor()
	asked.ask("bob@example.com", "/")
	asked.ask("eve@example.com", "/")
	ofBob, ofEve := g.mail.await("bob@example.com"), g.mail.await("eve@example.com")
	fields := other.submit("/_doorpost/link", "token", ofEve.token).forms(t)[0].fields
	confirm := fields[len(fields)-1]
	for _, wrong := range []string{confirm, "yes", "1", "true", confirm + "=", confirm[:len(confirm)-2], strings.ToUpper(confirm), ofBob.token} {
		other.submit("/_doorpost/link", "token", ofBob.token, "confirm", wrong).is(t, http.StatusOK).setsNoSession(t)
	}
	if who := other.who(); who != "" {
		t.Errorf("%q is signed in by the confirmation of another link", who)
	}
}

func TestLookingAtALinkUsesNothingUp(t *testing.T) {
	t.Parallel()
	// What a test puts into a query stands in an access log, which is none of
	// the gate's doing.
	g := start(t, setup{silent: true})
	asked, scanner := g.visitor(), g.visitor()
	asked.ask("cleo@example.com", "/")
	m := g.mail.await("cleo@example.com")
	for range 5 {
		scanner.open("/_doorpost/link").is(t, http.StatusOK).setsNoSession(t)
		asked.open("/_doorpost/link").is(t, http.StatusOK).setsNoSession(t)
	}
	for _, path := range []string{"/_doorpost/link", "/_doorpost/link?token=" + m.token, "/_doorpost/code?code=" + m.code} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete, http.MethodPatch} {
			for _, headers := range [][]string{nil, {"Purpose", "prefetch"}, {"Sec-Purpose", "prefetch;prerender"}, {"X-Moz", "prefetch"}} {
				for _, v := range []*visitor{asked, scanner} {
					a := v.do(v.request(method, path, "", append(headers, "Accept", "text/html", "Origin", v.origin)...))
					a.setsNoSession(t)
				}
			}
		}
	}
	// The query of a POST is never read for fields.
	asked.submit("/_doorpost/link?token="+m.token).is(t, http.StatusUnprocessableEntity).setsNoSession(t)
	if asked.who() != "" || scanner.who() != "" {
		t.Fatal("looking signed in")
	}
	asked.submit("/_doorpost/link", "token", m.token).leadsTo(t, "/")
	if who := asked.who(); who != "cleo@example.com" {
		t.Errorf("the link does not work any more; %q is signed in", who)
	}
}

func TestScriptsOfALinkScannerDoNotSignIn(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	asked := g.visitor()
	asked.ask("dora@example.com", "/")
	m := g.mail.await("dora@example.com")

	tab := newProfile(t).newTab()
	hits := g.upstream.count()
	tab.open(m.link)
	tab.awaitText("Sign in to localhost as dora@example.com?")
	tab.picture("confirm")
	if location := tab.location(); strings.Contains(location, m.token) {
		t.Errorf("the token is still in the address bar: %s", location)
	}
	if g.upstream.count() != hits {
		t.Error("the app was reached before the person confirmed")
	}
	if asked.who() != "" {
		t.Error("the browser that asked is signed in")
	}
	tab.click(`form[action="/_doorpost/link"] button`)
	tab.awaitText("dora@example.com")
	tab.awaitLocation(g.origin + "/")
	if asked.who() != "" {
		t.Error("the browser that asked was signed in from another")
	}
	asked.submit("/_doorpost/link", "token", m.token).is(t, http.StatusGone).setsNoSession(t)
	asked.submit("/_doorpost/code", "code", m.code).setsNoSession(t)
}

func TestCodeWorksOnlyInTheBrowserThatAsked(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	asked, other, third := g.visitor(), g.visitor(), g.visitor()
	asked.ask("emil@example.com", "/")
	third.ask("finn@example.com", "/")
	m := g.mail.await("emil@example.com")
	other.submit("/_doorpost/code", "code", m.code).is(t, http.StatusUnprocessableEntity).setsNoSession(t)
	third.submit("/_doorpost/code", "code", m.code).is(t, http.StatusUnprocessableEntity).setsNoSession(t)
	typed := " " + strings.ToLower(strings.Replace(m.code, "-", " - ", 1)) + " "
	asked.submit("/_doorpost/code", "code", typed).leadsTo(t, "/")
	if who := asked.who(); who != "emil@example.com" {
		t.Errorf("%q is signed in", who)
	}
}

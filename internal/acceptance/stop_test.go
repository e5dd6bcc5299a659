package acceptance

import (
	"net/http"
	"strings"
	"testing"
)

func TestStopLinkTakesAClickInABrowser(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	asked := g.visitor()
	asked.ask("ada@example.com", "/")
	first := g.mail.await("ada@example.com")
	tab := newProfile(t).newTab()
	tab.open(g.origin + "/_doorpost/stop#" + first.token)
	tab.awaitText("Stop these messages?")
	tab.picture("stop")
	if location := tab.location(); strings.Contains(location, first.token) {
		t.Errorf("the token is still in the address bar: %s", location)
	}
	if text := tab.text(); strings.Contains(text, "Paste the link") {
		t.Errorf("the page asks for what its address said: %s", text)
	}
	// The page has loaded, its script has run, and the link works still.
	asked.submit("/_doorpost/link", "token", first.token).leadsTo(t, "/")

	asked = g.visitor()
	asked.ask("bea@example.com", "/")
	second := g.mail.await("bea@example.com")
	tab.open("about:blank")
	tab.open(g.origin + "/_doorpost/stop#" + second.token)
	tab.click(`form[action="/_doorpost/stop"] button`)
	tab.awaitText("We have stopped these messages")
	tab.picture("stopped")
	asked.submit("/_doorpost/link", "token", second.token).is(t, http.StatusGone).setsNoSession(t)
}

func TestStopLinkIsPastedWhereNoScriptRuns(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	asked := g.visitor()
	asked.ask("ada@example.com", "/")
	m := g.mail.await("ada@example.com")
	tab := newProfile(t).newTab()
	tab.withoutScript()
	tab.open(g.origin + "/_doorpost/stop#" + m.token)
	tab.typeInto("#link", g.origin+"/_doorpost/stop#"+m.token)
	tab.click(`form[action="/_doorpost/stop"] button`)
	tab.awaitText("We have stopped these messages")
	asked.submit("/_doorpost/link", "token", m.token).is(t, http.StatusGone).setsNoSession(t)
}

func TestConfirmPageStopsWithAClick(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	asked := g.visitor()
	asked.ask("ada@example.com", "/")
	m := g.mail.await("ada@example.com")
	tab := newProfile(t).newTab()
	tab.open(m.link)
	tab.awaitText("It was not me")
	tab.picture("confirm-not-me")
	tab.click(`button[formaction="/_doorpost/stop"]`)
	tab.awaitText("We have stopped these messages")
	asked.submit("/_doorpost/link", "token", m.token).is(t, http.StatusGone).setsNoSession(t)
	if asked.who() != "" {
		t.Error("somebody is signed in")
	}
}

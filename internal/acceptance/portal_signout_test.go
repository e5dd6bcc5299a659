package acceptance

import (
	"net/http"
	"strings"
	"testing"
)

// Whoever signs out of one app at a shared computer leaves nothing to go back to.
func TestAfterSigningOutNobodyGoesBackToAnything(t *testing.T) {
	t.Parallel()
	w := startFront(t, plan{serve: showAsked})
	p := w.profile()
	other, tab := w.tab(p), w.tab(p)
	tab.expect("401") // asked by this test
	other.expect("401")
	pages := []string{w.app + "/private", w.portal + "/_doorpost/account", w.app + "/secret"}
	tab.open(w.ask(tab, pages[0], "ada@example.com").link)
	tab.arrives(pages[0], "ada@example.com")
	other.open(w.wiki + "/notes")
	other.arrives(w.wiki+"/notes", "ada@example.com")
	tab.open(pages[1])
	tab.awaitText("You are signed in as ada@example.com.")
	tab.open(pages[2])
	tab.arrives(pages[2], "ada@example.com")

	tab.open(w.app + "/_doorpost/sign-out")
	tab.click("form button")
	tab.awaitText("You are signed out")
	// Through the account, and the pages of the app.
	if left := tab.cookies(w.app); len(left) > 0 {
		t.Errorf("signed out, and the browser has the cookies %q of the app", left)
	}
	for range 4 { // to the page for signing out, and all before
		tab.goBack(1)
		if said := tab.text(); strings.Contains(said, "ada@example.com") {
			t.Errorf("going back leads to %s, which says %s", tab.location(), said)
		}
	}

	who, err := evaluate[int](other, `fetch("/_doorpost/session").then(r => r.status)`)
	if err != nil || who != http.StatusUnauthorized {
		t.Errorf("signed out at one app, /session of the other answers %d (%v)", who, err)
	}
	other.open(w.wiki + "/notes?again")
	other.awaitText("Type your email address")
}

// A short visit after the other is no browser that keeps no cookies.
func TestSigningInAndOutAgainAndAgainIsNoLoop(t *testing.T) {
	t.Parallel()
	w := startFront(t, plan{serve: showAsked})
	tab := w.tab(w.profile())
	for range 4 {
		tab.open(w.ask(tab, w.app+"/", "ada@example.com").link)
		tab.arrives(w.app+"/", "ada@example.com")
		tab.open(w.portal + "/_doorpost/sign-out") // not at the app
		tab.click("form button")
		tab.awaitText("You are signed out")
	}
}

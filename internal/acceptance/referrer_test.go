package acceptance

import (
	"net/http"
	"testing"
)

// A site that sets no-referrer for all of its answers, ours among them, makes
// browsers hide where a form comes from. So does a page of the app, for forms that it
// sends to us.
func TestReferrerPolicyOfASiteStopsNoForm(t *testing.T) {
	t.Parallel()
	g := start(t, setup{behind: `header >Referrer-Policy no-referrer
header /app Content-Type text/html
respond /app <<HTML
	<!doctype html><html><head><meta name=referrer content=no-referrer><title>App</title><link rel=icon href="data:,"></head>
	<body><form method=post action=/_doorpost/sign-out><button id=out>Sign out</button></form></body></html>
	HTML
respond "the app"`})
	tab := newProfile(t).newTab()
	tab.signInAs(g, "ada@example.com")
	tab.open(g.origin + "/app")
	tab.click("#out")
	tab.awaitText("You are signed out")
	who, err := evaluate[int](tab, `fetch("/_doorpost/session").then(r => r.status)`)
	tab.expect("401")
	if err != nil || who != http.StatusUnauthorized {
		t.Errorf("after signing out /session answers %d (%v)", who, err)
	}
}

package acceptance

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestAnOldProofIsAskedForAgainAndTheSessionStays(t *testing.T) {
	t.Parallel()
	const recent = time.Minute // the shortest that there is
	g := start(t, setup{site: "allow *@example.com"})
	next := g.setup
	// A second block for a part of the site.
	next.behind = "doorpost /safe/* {\nallow *@example.com\nrecent 1m\n}\n" + next.behind
	g.configure(next)
	if code, output := runToEnd(t, g.home, "reload", "--config", g.caddyfile(), "--address", g.admin); code != 0 {
		t.Fatalf("the reload ended with %d: %s", code, output)
	}
	began := time.Now()
	ada := g.signedIn("ada@example.com")
	elsewhere := g.signedIn("ada@example.com")
	ada.open("/safe/gold?bar=1").echo(t)
	again := time.NewTicker(2 * time.Second)
	defer again.Stop()
	for time.Since(began) < recent+2*time.Second {
		<-again.C
		ada.isIn("ada@example.com") // use does not make it recent
	}
	a := ada.open("/safe/gold?bar=1%2F&b").is(t, http.StatusSeeOther)
	at, err := url.Parse(a.location())
	if err != nil || at.Path != "/_doorpost/sign-in" || at.Query().Get("to") != "/safe/gold?bar=1%2F&b" {
		t.Fatalf("sent to %s (%v)", a.location(), err)
	}
	problem := ada.do(ada.script(http.MethodGet, "/safe/gold")).isProblem(t, http.StatusUnauthorized)
	if address, _ := problem["sign_in_url"].(string); !strings.HasSuffix(address, "/_doorpost/sign-in?again=1") || problem["detail"] != "the sign-in is too long ago for this; a person signs in again at sign_in_url" {
		t.Errorf("a program is told %v", problem)
	}
	ada.submit("/safe/gold", "bar", "2").is(t, http.StatusUnauthorized).says(t, "Sign in, then send it again")
	window := ada.twin()
	window.unlike = []string{"Cross-Origin-Opener-Policy", "unsafe-none"}
	window.open(renewPath).leadsTo(t, "/_doorpost/sign-in?again=1&to=%2F_doorpost%2Frenew") // and not on, to meet the same page
	ada.isIn("ada@example.com")                                                             // everywhere else the session is as good as before

	page := ada.open(a.location()).is(t, http.StatusOK).says(t, "ada@example.com")
	ada.press(page, "/_doorpost/sign-in").leadsTo(t, "/_doorpost/check-mail")
	ada.open("/_doorpost/check-mail").is(t, http.StatusOK) // and not back at once: nothing is proven yet
	ada.redeem(g.mail.await("ada@example.com"), "/safe/gold?bar=1%2F&b")
	ada.open("/safe/gold?bar=1%2F&b").echo(t)
	window.cookies = ada.cookies
	window.open(renewPath).is(t, http.StatusOK)
	elsewhere.open("/safe/gold").is(t, http.StatusSeeOther) // a proof here is none there
	elsewhere.isIn("ada@example.com")
}

package acceptance

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// sessionsAt are the session cookies that a browser sends to sites, by the host that
// they are for.
func (b *tab) sessionsAt(sites ...string) map[string]string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.Context, patience)
	defer cancel()
	all, err := chromedp.Call(ctx, network.GetCookies, network.GetCookiesParams{URLs: sites})
	if err != nil {
		b.t.Fatal(err)
	}
	found := make(map[string]string)
	for _, cookie := range all.Cookies {
		if cookie.Name == "__Host-doorpost" {
			found[cookie.Domain] = cookie.Value
		}
	}
	return found
}

// Three apps share one wildcard site and one certificate, and nothing else.
func TestAppsOfOneWildcardSiteStandApart(t *testing.T) {
	t.Parallel()
	php, syncthing, money := testkit.StartDokuWiki(t), testkit.StartSyncthing(t), startUpstream(t)
	port := testkit.FreePort()
	dokuwiki := fmt.Sprintf("http://:%s {\nroot * %s\nphp_fastcgi %s {\nroot %s\n}\nfile_server\n}\n", port, php.Files, php.Address, php.Root)
	g := startRecipe(t, "one-wildcard-site-for-many-apps.md", dokuwiki,
		"localhost:3001", "localhost:"+port, "localhost:8384", syncthing.Address, "localhost:3002", money.address)
	alice := g.profile()
	const deep = "https://wiki.example.com/doku.php?id=wiki:syntax&x=%2F#links"
	tab := alice.newTab()
	tab.expect("php.net") // the page has a picture from there
	g.enter(tab, deep, "alice@example.com")
	tab.awaitLocation(deep)
	tab.awaitText("Formatting Syntax")
	sync := alice.newTab()
	sync.expect("/rest/system/upgrade") // Debian's Syncthing does not upgrade itself
	g.enter(sync, "https://sync.example.com/", "alice@example.com")
	sync.awaitText("This Device")
	tab = alice.newTab()
	g.enter(tab, "https://money.example.com/", "alice@example.com")
	tab.awaitLocation("https://money.example.com/")
	if told := money.latest().values("Remote-User"); len(told) != 1 || told[0] != "alice@example.com" {
		t.Errorf("the app at money.example.com is told %q", told)
	}

	// Each host has a session of its own, which is none at the others.
	sessions := tab.sessionsAt("https://wiki.example.com/", "https://sync.example.com/", "https://money.example.com/")
	for _, host := range []string{"wiki.example.com", "sync.example.com", "money.example.com"} {
		if sessions[host] == "" {
			t.Errorf("there is no session cookie of %s alone: %v", host, sessions)
		}
	}
	if len(sessions) != 3 {
		t.Errorf("there are session cookies of %v", sessions)
	}
	for from, session := range sessions {
		for to := range sessions {
			if from == to && to != "money.example.com" {
				continue // the browser was there
			}
			there := g.at("https://" + to)
			there.cookies["__Host-doorpost"] = session
			if a := there.open("/"); a.isUpstream() != (from == to) || from != to && a.status != http.StatusSeeOther {
				t.Errorf("with the session of %s %s answers %d: %s", from, to, a.status, a.body)
			}
		}
	}

	// Signed out at one, signed in at the others.
	tab.open("https://wiki.example.com/_doorpost/sign-out")
	tab.click("form button")
	tab.awaitText("You are signed out")
	tab.expect("/rest/system/upgrade")
	tab.open("https://sync.example.com/")
	tab.awaitText("This Device")
	tab.open("https://money.example.com/")
	tab.awaitText("Remote-User: alice@example.com")

	// A page that knows nothing of us goes on asking, and gets what it wants after a sign-in.
	sync.expect("status of 401")
	sync.expect("/rest/events") // cut with the session
	sync.expect("console.error")
	sync.awaitText("v1.") // it has asked for everything
	asksUntil := func(status int) {
		t.Helper()
		await(t, fmt.Sprintf("Syncthing to be answered %d", status), func() bool {
			last, err := evaluate[int](sync, `performance.getEntriesByType("resource").filter(r => r.name.includes("/rest/")).at(-1).responseStatus`)
			return err == nil && last == status
		})
	}
	g.endSessions("alice@example.com")
	asksUntil(http.StatusUnauthorized)
	tab = alice.newTab()
	tab.expect("Scripts may close only the windows that were opened by them")
	tab.open("https://sync.example.com/_doorpost/renew")
	tab.signInByCode(g.mail, "alice@example.com")
	tab.awaitText("You are signed in")
	asksUntil(http.StatusOK)

	// The rules of one handle do not hold in another.
	bob := g.profile().newTab()
	g.enter(bob, "https://wiki.example.com/", "bob@example.com")
	bob.open("https://money.example.com/")
	bob.typeInto("#email", "bob@example.com")
	bob.click("form button")
	bob.awaitText("Check your mail")
	g.comesToRest()
	if n := len(g.mail.received("bob@example.com")); n != 1 {
		t.Errorf("bob got %d messages, want the one of the wiki", n)
	}
}

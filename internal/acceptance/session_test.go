package acceptance

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

func TestRestartKeepsSessionsAndLinks(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	v, asking := g.signedIn("ada@example.com"), g.visitor()
	asking.ask("bob@example.com", "/later")
	m := g.mail.await("bob@example.com")
	g.restart()
	if got := v.open("/").echo(t).values("Remote-User"); len(got) != 1 || got[0] != "ada@example.com" {
		t.Errorf("after a restart the app is told %q", got)
	}
	asking.submit("/_doorpost/link", "token", m.token).leadsTo(t, "/later")
}

func TestSignOutEndsACopiedCookieAtOnce(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	v := g.signedIn("ada@example.com")
	thief := v.twin()
	thief.open("/").echo(t)
	a := v.submit("/_doorpost/sign-out").leadsTo(t, "/_doorpost/sign-out")
	if a.header.Get("Clear-Site-Data") == "" {
		t.Error("sign-out leaves pages of the app in the browser's cache")
	}
	if name, _ := v.sessionCookie(); name != "" {
		t.Error("sign-out leaves the session cookie")
	}
	thief.do(thief.script(http.MethodGet, "/")).isProblem(t, http.StatusUnauthorized)
	thief.twin().open("/").is(t, http.StatusSeeOther)
	g.restart()
	if thief.who() != "" {
		t.Error("a restart brought an ended session back")
	}
}

func TestLookingAtSignOutSignsNobodyOut(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	v := g.signedIn("ada@example.com")
	v.open("/_doorpost/sign-out").is(t, http.StatusOK).says(t, "Sign out of localhost?")
	v.do(v.request(http.MethodHead, "/_doorpost/sign-out", "")).is(t, http.StatusOK)
	v.do(v.request(http.MethodPost, "/_doorpost/sign-out", "", "Content-Type", "application/x-www-form-urlencoded",
		"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")).isProblem(t, http.StatusForbidden)
	if v.who() != "ada@example.com" {
		t.Error("signed out without wanting to")
	}
}

func TestSignOutEverywhereEndsEverySession(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	first, second, other := g.signedIn("ada@example.com"), g.signedIn("ada@example.com"), g.signedIn("bob@example.com")
	second.submit("/_doorpost/sign-out", "scope", "all")
	if first.who() != "" || second.who() != "" {
		t.Error("a session outlived sign-out everywhere")
	}
	if other.who() != "bob@example.com" {
		t.Error("somebody else was signed out too")
	}
}

func TestAccountListsSessionsAndEndsAnother(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	here, phone := g.visitor(), g.visitor()
	phone.agent = "Mozilla/5.0 (Android 14; Mobile; rv:130.0) Gecko/130.0 Firefox/130.0"
	g.signIn(phone, "ada@example.com", "/")
	g.signIn(here, "ada@example.com", "/")
	stranger := g.signedIn("bob@example.com")

	page := here.open("/_doorpost/account").is(t, http.StatusOK)
	page.says(t, "You are signed in as ada@example.com").says(t, "Chrome on Linux This one").says(t, "Firefox on Android")
	var end pageForm
	for _, form := range page.forms(t) {
		if len(form.fields) == 2 && form.fields[0] == "session" {
			end = form
		}
	}
	if end.action == "" {
		t.Fatal("the page has no form that ends the other session")
	}
	// The name of a session ends it for its owner only.
	stranger.submit(end.action, end.fields...)
	if phone.who() != "ada@example.com" || stranger.who() != "bob@example.com" {
		t.Fatal("a stranger ended a session")
	}
	here.submit(end.action, end.fields...).leadsTo(t, "/_doorpost/account")
	if phone.who() != "" || here.who() != "ada@example.com" {
		t.Error("not the session that was named has ended")
	}
	here.open("/_doorpost/account").is(t, http.StatusOK)
}

func TestSignInMakesANewSessionAndEndsTheOldOne(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	v := g.signedIn("ada@example.com")
	old := v.twin()
	g.signIn(v, "bob@example.com", "/")
	if who := v.who(); who != "bob@example.com" {
		t.Errorf("%q is signed in", who)
	}
	if who := old.who(); who != "" {
		t.Errorf("the old session still says %q", who)
	}
}

func TestSessionTellsProgramsWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	g := start(t, setup{global: "group staff ada@example.com\ngroup all *@example.com\ngroup none zed@example.org", site: "allow group:all"})
	v := g.signedIn("Ada@Example.COM")
	said, err := jsonFields(v.do(v.script(http.MethodGet, "/_doorpost/session")).is(t, http.StatusOK).body)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"user": "ada@example.com", "email": "ada@example.com", "name": ""} {
		if said[name] != want {
			t.Errorf("%s is %v, want %q", name, said[name], want)
		}
	}
	if groups, ok := said["groups"].([]any); !ok || len(groups) != 2 {
		t.Errorf("groups are %v, want all and staff", said["groups"])
	}
	for _, name := range []string{"signed_in", "expires"} {
		if at, err := time.Parse(time.RFC3339Nano, said[name].(string)); err != nil || at.IsZero() {
			t.Errorf("%s is %v", name, said[name])
		}
	}
	if got := v.open("/").echo(t).values("Remote-Groups"); len(got) != 1 || !strings.Contains(got[0], "staff") || !strings.Contains(got[0], "all") {
		t.Errorf("the app is told the groups %q", got)
	}
}

func TestCookiesBehindATLSProxyAreLockedToTheHost(t *testing.T) {
	t.Parallel()
	port := testkit.FreePort()
	g := prepare(t, setup{})
	g.port = port
	g.configure(setup{address: "http://:" + port, origin: "http://app.example.com", site: "allow *@example.com\nurl https://app.example.com"})
	g.run()
	v := g.visitor()
	// The proxy speaks TLS with the browser; the gate sees plain HTTP.
	form := func(path string, fields ...string) *http.Request {
		r := v.form(path, fields...)
		r.Header.Set("Origin", "https://app.example.com")
		return r
	}
	asked := v.do(form("/_doorpost/sign-in", "email", "ada@example.com")).leadsTo(t, "/_doorpost/check-mail")
	m := g.mail.await("ada@example.com")
	if !strings.HasPrefix(m.link, "https://app.example.com/_doorpost/link#") {
		t.Errorf("the link is %s", m.link)
	}
	signedIn := v.do(form("/_doorpost/link", "token", m.token)).leadsTo(t, "/")
	for _, c := range []struct {
		a     answer
		names []string
	}{{asked, []string{"__Host-doorpost-ask"}}, {signedIn, []string{"__Host-doorpost", "__Host-doorpost-ask"}}} {
		lines := c.a.header.Values("Set-Cookie")
		if len(lines) != len(c.names) {
			t.Fatalf("Set-Cookie is %q, want %q", lines, c.names)
		}
		for i, name := range c.names {
			for _, part := range []string{name + "=", "; Path=/", "; HttpOnly", "; Secure", "; SameSite=Lax", "; Max-Age="} {
				if !strings.Contains(lines[i], part) {
					t.Errorf("%s lacks %q: %s", name, part, lines[i])
				}
			}
			if !strings.HasPrefix(lines[i], name) || strings.Contains(lines[i], "Domain") || len(lines[i]) > 4096 {
				t.Errorf("%s is set too widely: %s", name, lines[i])
			}
		}
	}
	v.open("/").echo(t)
	// The plain origin is not the site's.
	v.do(v.form("/_doorpost/sign-out")).is(t, http.StatusForbidden)
}

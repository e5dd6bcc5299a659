package acceptance

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// While somebody signs out, requests of theirs are on their way everywhere.
// None brings the session back.
func TestAttackSE05SignOutBeatsRequestsInFlight(t *testing.T) {
	t.Parallel()
	const inFlight = 50
	p := startPair(t, setup{silent: true})
	for round := range 3 {
		v := p.visitor()
		p.a.signIn(v.at(p.a), "ada@example.com", "/")
		p.isKnown(v, "ada@example.com")
		stop, failed := make(chan struct{}), make(chan error, inFlight)
		var leftAlready atomic.Bool
		var requests sync.WaitGroup
		for i := range inFlight {
			browser := v.twin().at(p.instances()[i%2])
			requests.Go(func() {
				paths := []string{"/", "/_doorpost/session", "/_doorpost/account", "/_doorpost/sign-in"}
				for j := i; ; j++ {
					select {
					case <-stop:
						return
					default:
					}
					a, err := browser.try(browser.request(http.MethodGet, paths[j%len(paths)], "", "Accept", "*/*", "Cookie", v.cookie()))
					if err != nil && leftAlready.Load() {
						continue // what is on its way is cut with the session
					} else if err != nil {
						failed <- err
						return
					}
					for _, line := range a.header.Values("Set-Cookie") {
						if !strings.Contains(line, "Max-Age=0") {
							failed <- fmt.Errorf("a request in flight was answered with %s", line)
							return
						}
					}
				}
			})
		}
		leaving := v.twin()
		leftAlready.Store(true)
		leaving.at(p.a).submit("/_doorpost/sign-out").leadsTo(t, "/_doorpost/sign-out")
		// How soon is what others test; here the instances are kept busy.
		for i, g := range p.instances() {
			await(t, "the end of the session", func() bool {
				who, err := v.twin().at(g).tryWho()
				return err == nil && who == ""
			})
			t.Logf("round %d: ended at instance %d", round, i)
		}
		close(stop)
		requests.Wait()
		close(failed)
		for err := range failed {
			t.Error(err)
		}
		for _, g := range p.instances() {
			if who := v.twin().at(g).who(); who != "" {
				t.Errorf("%s is signed in again", who)
			}
		}
	}
	p.checkErrors()
}

// Two instances change their secret one after the other, forth and back.
func TestAttackSE07SecretsAreChangedWithoutSigningOut(t *testing.T) {
	t.Parallel()
	p := startPair(t, setup{silent: true})
	before, after := "", newSecret()
	for line := range strings.SplitSeq(p.a.setup.global, "\n") {
		if word, found := strings.CutPrefix(line, "secret "); found {
			before = word
		}
	}
	reload := func(g *stage, secrets ...string) {
		t.Helper()
		next := g.setup
		next.global = strings.Replace(next.global, "secret "+before, "secret "+strings.Join(secrets, " "), 1)
		original := g.setup
		g.configure(next)
		code, output := runToEnd(t, g.home, "reload", "--config", g.caddyfile(), "--address", g.admin)
		if code != 0 {
			t.Fatalf("a reload ended with %d: %s", code, output)
		}
		g.setup = original
	}
	old, asking := p.visitor(), p.visitor()
	p.a.signIn(old.at(p.a), "ada@example.com", "/")
	asking.at(p.a).ask("eve@example.com", "/later")
	m := p.mail.await("eve@example.com")
	// All know the new one before any signs with it; then all sign with it.
	for _, secrets := range [][]string{{before, after}, {after, before}} {
		for _, g := range p.instances() {
			reload(g, secrets...)
			p.isKnown(old, "ada@example.com")
		}
	}
	asking.at(p.b).submit("/_doorpost/link", "token", m.token).leadsTo(t, "/later")
	newer := p.visitor()
	p.b.signIn(newer.at(p.b), "bob@example.com", "/")
	p.isKnown(newer, "bob@example.com")
	for _, g := range p.instances() {
		reload(g, after)
	}
	p.isKnown(newer, "bob@example.com")
	for _, g := range p.instances() {
		if who := old.twin().at(g).who(); who != "" {
			t.Errorf("a cookie of the secret that was dropped still says %s", who)
		}
		old.twin().at(g).open("/").leadsTo(t, "/_doorpost/sign-in")
	}
	p.checkErrors()
}

// Whom the rules no longer admit is out with the reload, open session or not,
// and in again when they do.
func TestAttackSE09RulesReachOpenSessions(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true, global: "group team ada@example.com bob@example.com", site: "allow group:team"})
	ada, bob := g.signedIn("ada@example.com"), g.signedIn("bob@example.com")
	reload := func(change func(*setup)) {
		t.Helper()
		next := g.setup
		change(&next)
		g.configure(next)
		if code, output := runToEnd(t, g.home, "reload", "--config", g.caddyfile(), "--address", g.admin); code != 0 {
			t.Fatalf("a reload ended with %d: %s", code, output)
		}
	}
	for _, change := range []func(*setup){
		func(s *setup) { s.global = "group team ada@example.com" },
		func(s *setup) { s.site = "allow ada@example.com" },
		func(s *setup) { s.site = "allow *@example.com\ndeny bob@example.com" },
	} {
		original := g.setup
		reload(change)
		hits := g.upstream.count()
		bob.open("/").is(t, http.StatusForbidden)
		bob.do(bob.script(http.MethodGet, "/")).isProblem(t, http.StatusForbidden)
		if g.upstream.count() != hits {
			t.Error("the app was reached")
		}
		ada.open("/").echo(t)
		reload(func(s *setup) { *s = original })
		bob.open("/").echo(t)
	}
}

func TestAttackSE11TheCookieSaysNothing(t *testing.T) {
	t.Parallel()
	domain := strings.Repeat("d.", 88) + "example.com"
	g := start(t, setup{silent: true, global: "group longgroupname *@example.com *@b.example *@" + domain, site: "allow group:longgroupname"})
	lengths := make(map[int]bool)
	for _, who := range []string{"a@b.example", "ada@example.com", strings.Repeat("a", 64) + "@" + domain} {
		v := g.signedIn(who)
		for name, value := range v.cookies {
			read := value
			for range 3 { // an encoding in an encoding is read, too
				for _, encoding := range []*base64.Encoding{base64.URLEncoding, base64.StdEncoding, base64.RawURLEncoding, base64.RawStdEncoding} {
					if raw, err := encoding.DecodeString(read); err == nil {
						read = string(raw)
						break
					}
				}
				for _, word := range []string{"example", "longgroupname", "ada@", "aaaa", "Chrome"} {
					if strings.Contains(strings.ToLower(read), strings.ToLower(word)) {
						t.Errorf("the cookie %s of %s has %q in it: %q", name, who, word, read)
					}
				}
			}
			if len(name)+len(value) > 4096 {
				t.Errorf("the cookie %s of %s has %d bytes", name, who, len(value))
			}
		}
		_, value := v.sessionCookie()
		lengths[len(value)] = true
	}
	if len(lengths) != 1 {
		t.Errorf("the length of the cookie depends on who is signed in: %v", lengths)
	}
}

// Nobody without a session gets part of a protected answer, whatever they know
// of it, and no cache may keep what the gate says.
func TestAttackSE13NothingIsServedFromMemory(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true})
	v, stranger := g.signedIn("ada@example.com"), g.visitor()
	hits := g.upstream.count()
	for _, path := range []string{"/app", "/app/x.css", "/app/account.js", "/app/x.png?cb=1", "/app/%2e/x.css", "/app;x.css", "/app/x.css%00.html"} {
		for _, headers := range [][]string{
			nil, {"If-None-Match", `"known"`}, {"If-None-Match", "*"}, {"If-Modified-Since", "Wed, 21 Oct 2065 07:28:00 GMT"}, {"Range", "bytes=0-1"}, {"If-Range", `"known"`, "Range", "bytes=0-"}, {"Cache-Control", "only-if-cached"},
			{"Expect", "100-continue"}, {"If-Match", "*"}, {"X-Forwarded-For", "127.0.0.1"},
		} {
			for _, kind := range [][]string{{"Accept", "text/html"}, {"Accept", "*/*"}} {
				r := stranger.request(http.MethodGet, "/", "", append(append([]string{}, headers...), kind...)...)
				r.URL.Opaque = path
				a := stranger.do(r)
				if a.status != http.StatusUnauthorized && a.status != http.StatusSeeOther && a.status != http.StatusBadRequest {
					t.Errorf("%s with %q was answered %d", path, headers, a.status)
				}
				for _, name := range []string{"Etag", "Last-Modified", "Content-Range", "Age", "Expires"} {
					if a.header.Get(name) != "" {
						t.Errorf("%s with %q has %s: %s", path, headers, name, a.header.Get(name))
					}
				}
			}
		}
	}
	if g.upstream.count() != hits {
		t.Error("the app was reached")
	}
	v.submit("/_doorpost/sign-out")
	v.open("/app").is(t, http.StatusSeeOther)
}

// What asks for plain HTTP at a port with TLS gets neither cookie nor form.
func TestAttackSE14PlainHTTPIsNotSpoken(t *testing.T) {
	t.Parallel()
	g := startSecure(t, setup{silent: true})
	v := g.over("HTTP/1.1")
	g.signIn(v, "ada@example.com", "/")
	hits := g.upstream.count()
	host := strings.TrimPrefix(g.origin, "https://")
	for _, method := range []string{"GET", "POST", "HEAD", "OPTIONS"} {
		for _, path := range []string{"/", "/app", "/_doorpost/sign-in", "/_doorpost/link", "/_doorpost/session"} {
			a, err := g.raw(method + " " + path + " HTTP/1.1\nHost: " + host + "\nCookie: " + v.cookie() + "\nConnection: close\n")
			if err != nil {
				continue // closed without a word
			}
			if a.status != http.StatusBadRequest || len(a.header.Values("Set-Cookie")) > 0 || strings.Contains(a.body, "<form") {
				t.Errorf("%s %s in the clear was answered %d %s", method, path, a.status, a.body)
			}
		}
	}
	if g.upstream.count() != hits {
		t.Error("the app was reached")
	}
}

// Two gates in one process, on one store: nothing of one is worth anything at
// the other.
func TestAttackLC06TwoSitesDoNotMix(t *testing.T) {
	t.Parallel()
	g := prepare(t, setup{})
	other := testkit.FreePort()
	g.configure(setup{silent: true, site: "allow ada@example.com", behind: "reverse_proxy " + g.upstream.address + "\n}\nhttp://localhost:" + other + " {\ndoorpost {\nallow *@example.com\n}\nreverse_proxy " + g.upstream.address})
	g.run()
	there := func(v *visitor) *visitor {
		w := newVisitor(t, "http://localhost:"+other, "127.0.0.1:"+other)
		w.cookies = v.cookies
		return w
	}
	v := g.signedIn("ada@example.com")
	copied := there(v.twin())
	copied.open("/").is(t, http.StatusSeeOther) // the name of the cookie is the same here, its signature is not
	asking := g.visitor()
	asking.ask("ada@example.com", "/")
	m := g.mail.await("ada@example.com")
	elsewhere := there(asking)
	elsewhere.submit("/_doorpost/link", "token", m.token).is(t, http.StatusUnprocessableEntity).setsNoSession(t)
	elsewhere.submit("/_doorpost/code", "code", m.code).is(t, http.StatusUnprocessableEntity).setsNoSession(t)
	// Each site asks its own rules.
	asking.ask("bob@example.com", "/").leadsTo(t, "/_doorpost/check-mail")
	second := there(g.visitor())
	second.ask("bob@example.com", "/").leadsTo(t, "/_doorpost/check-mail")
	ofBob := g.mail.await("bob@example.com")
	if !strings.HasPrefix(ofBob.link, "http://localhost:"+other+"/") {
		t.Errorf("the link of bob is at %s", ofBob.link)
	}
	g.visitor().submit("/_doorpost/link", "token", ofBob.token).is(t, http.StatusUnprocessableEntity).setsNoSession(t)
	second.submit("/_doorpost/link", "token", ofBob.token).leadsTo(t, "/")
	asking.submit("/_doorpost/link", "token", m.token).leadsTo(t, "/")
	g.gate.stop()
	if n := len(g.mail.received("bob@example.com")); n != 1 {
		t.Errorf("%d messages went to bob, whom one site admits", n)
	}
}

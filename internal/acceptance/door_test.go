package acceptance

import (
	"net/http"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// doorway is a gate as people meet it, however many instances it has.
type doorway interface {
	visitor() *visitor
	postbox() *mailServer
	reload(site string)
}

func (g *stage) postbox() *mailServer { return g.mail }
func (p *pair) postbox() *mailServer  { return p.mail }

// reload makes the site's lines others, without a stop.
func (g *stage) reload(site string) {
	g.t.Helper()
	next := g.setup
	next.site = site
	g.configure(next)
	if code, output := runToEnd(g.t, g.home, "reload", "--config", g.caddyfile(), "--address", g.admin); code != 0 {
		g.t.Fatalf("the reload ended with %d: %s", code, output)
	}
}

func (p *pair) reload(site string) {
	p.t.Helper()
	for _, g := range p.instances() {
		g.reload(site + "\nurl " + p.balancer.origin)
	}
}

// eachStore runs a test on the embedded store, and on Redis with two instances
// behind a balancer.
func eachStore(t *testing.T, s setup, test func(t *testing.T, d doorway)) {
	t.Helper()
	t.Parallel()
	t.Run("bolt", func(t *testing.T) {
		t.Parallel()
		test(t, start(t, s))
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		test(t, startPair(t, s))
	})
}

// enter signs a new browser in.
func enter(t *testing.T, d doorway, address string) *visitor {
	t.Helper()
	v := d.visitor()
	v.ask(address, "/").leadsTo(t, "/_doorpost/check-mail")
	v.redeem(d.postbox().await(address), "/")
	return v
}

// redeem opens a link that signs in, and confirms it where another browser or
// nobody asked for it.
func (v *visitor) redeem(m message, to string) {
	v.t.Helper()
	if m.page != "/link" {
		v.t.Fatalf("the link of the message leads to %s: %s", m.page, m.text)
	}
	a := v.submit("/_doorpost/link", "token", m.token)
	if a.status == http.StatusOK {
		a = v.press(a, "/_doorpost/link")
	}
	a.leadsTo(v.t, to)
}

// press submits the form of a page that goes to a path, with the fields that it
// has and those given.
func (v *visitor) press(page answer, action string, fields ...string) answer {
	v.t.Helper()
	for _, form := range page.forms(v.t) {
		if form.action == action {
			return v.submit(action, merged(form.fields, fields)...)
		}
	}
	v.t.Fatalf("the page has no form for %s: %s", action, page.text())
	return answer{}
}

// merged are fields with others in their place or beside them.
func merged(fields, others []string) (all []string) {
	for i := 0; i < len(fields); i += 2 {
		replaced := false
		for j := 0; j < len(others); j += 2 {
			replaced = replaced || others[j] == fields[i]
		}
		if !replaced {
			all = append(all, fields[i], fields[i+1])
		}
	}
	return append(all, others...)
}

// isIn fails the test unless the app is told that the visitor is somebody.
func (v *visitor) isIn(address string) arrived {
	v.t.Helper()
	got := v.open("/").echo(v.t)
	if told := got.values("Remote-User"); len(told) != 1 || told[0] != address {
		v.t.Fatalf("the app is told %q, want %s", told, address)
	}
	return got
}

// groups are those that the app is told of the visitor.
func (v *visitor) groups() string {
	v.t.Helper()
	return strings.Join(v.open("/").echo(v.t).values("Remote-Groups"), ";")
}

// isOut fails the test unless nobody is signed in, at once or soon.
func (v *visitor) isOut() {
	v.t.Helper()
	if !testkit.HoldsWithin(revocationTime, func() bool { return v.who() == "" }) {
		v.t.Fatalf("%s is still signed in", v.who())
	}
}

// signInAs goes from the closed door to the app, in a browser.
func (b *tab) signInAs(d doorway, address string) {
	b.t.Helper()
	b.expect(waitingNoise)
	b.expect("/favicon.ico")
	origin := d.visitor().origin
	b.open(origin + "/")
	b.typeInto("#email", address)
	b.click("form button")
	b.awaitText("Check your mail")
	b.open(d.postbox().await(address).link)
	b.awaitLocation(origin + "/")
}

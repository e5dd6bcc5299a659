package acceptance

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// traveller is a browser that goes to all sites of a front, with a jar of cookies for each. It belongs to
// one goroutine.
type traveller struct {
	f        *front
	visitors map[string]*visitor // by origin
}

// traveller makes one that has not been here.
func (f *front) traveller() *traveller {
	b := &traveller{f: f, visitors: make(map[string]*visitor)}
	for _, origin := range []string{loginOrigin, appOrigin, wikiOrigin, clubOrigin} {
		b.visitors[origin] = visitorBehindTLS(f.t, origin, f.dial)
	}
	return b
}

// at is the browser at one site. A test that meets another origin fails: the browser
// was led away.
func (b *traveller) at(origin string) *visitor {
	b.f.t.Helper()
	v := b.visitors[origin]
	if v == nil {
		b.f.t.Fatalf("the browser was led to %s", origin)
	}
	return v
}

// via is the same browser with the same cookies, whose requests all go to one gate.
func (b *traveller) via(g *stage) *traveller {
	there := &traveller{f: b.f, visitors: make(map[string]*visitor)}
	for origin, v := range b.visitors {
		there.visitors[origin] = g.behindTLS(origin)
		there.visitors[origin].cookies = v.cookies
	}
	return there
}

// copied is what a thief has who copied all cookies.
func (b *traveller) copied() *traveller {
	there := &traveller{f: b.f, visitors: make(map[string]*visitor)}
	for origin, v := range b.visitors {
		there.visitors[origin] = v.twin()
	}
	return there
}

// split divides an address into its origin and the rest.
func (b *traveller) split(address string) (origin, rest string) {
	b.f.t.Helper()
	scheme, rest, found := strings.Cut(address, "://")
	host, path, slash := strings.Cut(rest, "/")
	if !found || !slash {
		b.f.t.Fatalf("%q is not a whole address", address)
	}
	return scheme + "://" + host, "/" + path
}

// open opens an address, and follows no redirect.
func (b *traveller) open(address string) answer {
	b.f.t.Helper()
	origin, path := b.split(address)
	return b.at(origin).open(path)
}

// maxRedirects is what no way between a site and its portal may take.
const maxRedirects = 10

// goes opens an address and follows redirects. It returns the addresses that the
// browser was sent to, and the last answer.
func (b *traveller) goes(address string) (trail []string, last answer) {
	b.f.t.Helper()
	origin, _ := b.split(address)
	trail, last = b.follow(origin, b.open(address))
	return trail, last
}

// follow follows the redirects that begin with an answer of an origin.
func (b *traveller) follow(origin string, a answer) (trail []string, last answer) {
	b.f.t.Helper()
	for a.location() != "" {
		a.is(b.f.t, http.StatusSeeOther)
		next := a.location()
		if strings.HasPrefix(next, "/") {
			next = origin + next
		}
		if trail = append(trail, next); len(trail) > maxRedirects {
			b.f.t.Fatalf("the browser was sent around in a circle: %q", trail)
		}
		origin, _ = b.split(next)
		a = b.open(next)
	}
	return trail, a
}

// asks opens an address as somebody who is not signed in, and asks for a link with the
// form that comes.
func (b *traveller) asks(who, address string) {
	b.f.t.Helper()
	trail, page := b.goes(address)
	if trail = append([]string{address}, trail...); !strings.HasPrefix(trail[len(trail)-1], loginOrigin+"/_doorpost/") {
		b.f.t.Fatalf("who is not signed in is sent to %q: %s", trail, page.text())
	}
	b.at(loginOrigin).press(page.is(b.f.t, http.StatusOK), "/_doorpost/sign-in", "email", who).leadsTo(b.f.t, "/_doorpost/check-mail")
}

// signsIn signs somebody in who wants to open an address, and follows to where that
// leads.
func (b *traveller) signsIn(who, address string) (trail []string, last answer) {
	b.f.t.Helper()
	b.asks(who, address)
	trail, last = b.redeems(b.f.mail.await(who))
	b.isKnown()
	return trail, last
}

// isKnown has the gates' logs searched for the session cookies of the browser.
func (b *traveller) isKnown() {
	for _, v := range b.visitors {
		_, value := v.sessionCookie()
		b.f.gates[0].known = append(b.f.gates[0].known, value)
	}
}

// redeems opens a link that signs in, and follows to where that leads.
func (b *traveller) redeems(m message) (trail []string, last answer) {
	b.f.t.Helper()
	if m.link != loginOrigin+"/_doorpost/link#"+m.token {
		b.f.t.Fatalf("the link of the message is %s", m.link)
	}
	login := b.at(loginOrigin)
	a := login.submit("/_doorpost/link", "token", m.token)
	if a.status == http.StatusOK {
		a = login.press(a, "/_doorpost/link")
	}
	return b.follow(loginOrigin, a.is(b.f.t, http.StatusSeeOther))
}

// isIn fails the test unless the app at an origin is told that the browser is somebody,
// after no more than redirects.
func (b *traveller) isIn(who, origin string) {
	b.f.t.Helper()
	_, a := b.goes(origin + "/")
	if told := a.echo(b.f.t).values("Remote-User"); len(told) != 1 || told[0] != who {
		b.f.t.Fatalf("the app at %s is told %q, want %s", origin, told, who)
	}
}

// ticket takes the browser to a site, up to the ticket that the portal gives it, and
// returns the address that has it.
func (b *traveller) ticket(origin, path string) string {
	b.f.t.Helper()
	toPortal := b.open(origin+path).is(b.f.t, http.StatusSeeOther).location()
	back := b.open(toPortal).is(b.f.t, http.StatusSeeOther).location()
	if !strings.HasPrefix(back, origin+enterPath+"?") || queryOf(b.f.t, back).Get("ticket") == "" {
		b.f.t.Fatalf("the portal sent the browser to %s", back)
	}
	return back
}

// forgets drops the session of one site, as if its browser had not been there.
func (b *traveller) forgets(origin string) { clear(b.at(origin).cookies) }

// enteringAt is the address at the portal that a site sends browsers to, with a query given
// as name, value, name, value.
func enteringAt(query ...string) string {
	values := make(url.Values)
	for i := 0; i < len(query); i += 2 {
		values.Add(query[i], query[i+1])
	}
	return loginOrigin + enterPath + "?" + values.Encode()
}

// queryOf is the query of an address.
func queryOf(t testing.TB, address string) url.Values {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Query()
}

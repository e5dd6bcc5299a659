package acceptance

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// behindTLS makes a browser whose requests come to the gate through a proxy that
// speaks TLS for it.
func (g *stage) behindTLS(origin string) *visitor {
	return visitorBehindTLS(g.t, origin, "127.0.0.1:"+g.port)
}

// visitorBehindTLS is newVisitor with such a proxy before the address.
func visitorBehindTLS(t testing.TB, origin, address string) *visitor {
	v := newVisitor(t, origin, address)
	v.client.Transport.(*http.Transport).DialTLSContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	return v
}

func TestOneSignInServesAllSitesUnderTheCookieDomainByTheirOwnRules(t *testing.T) {
	t.Parallel()
	const books, tools = "https://books.corp.example", "https://tools.corp.example"
	g := prepare(t, setup{})
	next := "\n}\nhttp://tools.corp.example:" + g.port + " {\nlog\ndoorpost {\nurl " + tools + "\nallow bob@example.com\nask owner@example.com\n}\nreverse_proxy " + g.upstream.address
	g.configure(setup{
		global: "session {\ncookie_domain corp.example\n}", address: "http://books.corp.example:" + g.port, origin: books,
		site: "url " + books + "\nallow *@example.com", behind: "reverse_proxy " + g.upstream.address + next,
	})
	g.gate = launch(t, g.home, "run", "--config", g.caddyfile())
	probe := g.behindTLS(books)
	await(t, "the gate to answer", func() bool {
		a, err := probe.try(probe.navigate("/_doorpost/sign-in"))
		return err == nil && a.status == http.StatusOK
	})

	ada, bob := g.behindTLS(books), g.behindTLS(books)
	for v, who := range map[*visitor]string{ada: "ada@example.com", bob: "bob@example.com"} {
		v.ask(who, "/")
		a := v.submit("/_doorpost/link", "token", g.mail.await(who).token).leadsTo(t, "/")
		set := strings.Join(a.header.Values("Set-Cookie"), "\n")
		if !strings.Contains(set, "__Secure-doorpost=") || !strings.Contains(set, "Domain=corp.example") {
			t.Errorf("the cookie is no good for other sites: %s", set)
		}
	}
	at := func(v *visitor, origin string) *visitor {
		there := g.behindTLS(origin)
		there.cookies = v.cookies
		return there
	}
	at(bob, tools).isIn("bob@example.com")
	page := at(ada, tools).open("/saw").is(t, http.StatusForbidden).says(t, "ada@example.com")
	if at(ada, tools).open("/saw").isUpstream() {
		t.Error("a session of one site lets in where the rules do not")
	}
	// The page offers to switch, and to ask.
	if !slices.ContainsFunc(page.links(), func(l string) bool { return strings.HasPrefix(l, "/_doorpost/") }) &&
		!slices.ContainsFunc(page.forms(t), func(f pageForm) bool { return f.action == "/_doorpost/sign-out" }) {
		t.Errorf("the page offers no other address: %s", page.body)
	}
	at(ada, tools).press(page, "/_doorpost/ask", "words", "I want to saw").is(t, http.StatusOK)
	owner := g.behindTLS(tools)
	owner.submit("/_doorpost/decide", "token", g.mail.await("owner@example.com").token, "decision", "hour").is(t, http.StatusOK)
	if !testkit.HoldsWithin(revocationTime, func() bool { return at(ada, tools).open("/saw").isUpstream() }) {
		t.Error("what an owner granted does not let in within a second")
	}
	// A token of one site is none at another.
	ada.ask("ada@example.com", "/")
	link := g.mail.await("ada@example.com")
	if link.page == "/link" && strings.HasPrefix(link.link, tools) {
		link = g.mail.await("ada@example.com") // that was the message of the approval
	}
	at(ada, tools).submit("/_doorpost/link", "token", link.token).is(t, http.StatusUnprocessableEntity)

	ada.submit("/_doorpost/sign-out").leadsTo(t, "/_doorpost/sign-out")
	thief := g.behindTLS(tools)
	thief.cookies = ada.twin().cookies
	if who := thief.who(); who != "" {
		t.Errorf("signed out at one site, %s is signed in at another", who)
	}
	at(bob, tools).isIn("bob@example.com")
}

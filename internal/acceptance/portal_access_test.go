package acceptance

import (
	"net/http"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

func TestOwnersOfASiteAreAskedAtThePortal(t *testing.T) {
	eachFront(t, plan{}, func(t *testing.T, f *front) {
		const wanted = clubOrigin + "/door?x=1"
		decide := func(who string) {
			t.Helper()
			m := f.mail.await("owner@example.com")
			if m.link != loginOrigin+"/_doorpost/decide#"+m.token || !strings.Contains(m.text, "club.other.example") {
				t.Errorf("the owner's link is %s: %s", m.link, m.text)
			}
			owner := f.traveller().at(loginOrigin)
			page := owner.submit("/_doorpost/decide", "token", m.token).is(t, http.StatusOK).says(t, who).says(t, "club.other.example")
			owner.press(page, "/_doorpost/decide", "decision", "always").is(t, http.StatusOK).says(t, who)
		}

		// Somebody who is signed in, and not admitted there.
		ada := f.traveller()
		ada.signsIn("ada@example.com", appOrigin+"/")
		_, page := ada.goes(wanted)
		page.is(t, http.StatusForbidden).says(t, "ada@example.com").says(t, "club.other.example")
		ada.at(loginOrigin).press(page, "/_doorpost/ask", "words", "let me in").is(t, http.StatusOK).says(t, "You will get a message")
		decide("ada@example.com")
		if !testkit.HoldsWithin(revocationTime, func() bool {
			_, last := ada.goes(wanted)
			return last.isUpstream()
		}) {
			t.Error("whom an owner lets in is not in within a second")
		}
		elsewhere := f.traveller()
		welcome := f.mail.await("ada@example.com")
		trail, last := elsewhere.redeems(welcome)
		elsewhere.isKnown()
		if last.echo(t); trail[len(trail)-1] != clubOrigin+"/" {
			t.Errorf("the link to whom an owner let in led to %q", trail)
		}

		// Somebody who is admitted nowhere, by the message that offers to ask.
		eve := f.traveller()
		eve.asks("eve@elsewhere.example", wanted)
		offer := f.mail.await("eve@elsewhere.example")
		if offer.link != loginOrigin+"/_doorpost/ask#"+offer.token || offer.code != "" {
			t.Fatalf("the message leads to %s, with the code %q", offer.link, offer.code)
		}
		page = eve.open(loginOrigin+"/_doorpost/ask").is(t, http.StatusOK)
		eve.at(loginOrigin).press(page, "/_doorpost/ask", "token", offer.token, "words", "me too").is(t, http.StatusOK).says(t, "You will get a message")
		decide("eve@elsewhere.example")
		trail, last = eve.redeems(f.mail.await("eve@elsewhere.example"))
		eve.isKnown()
		if last.echo(t); trail[len(trail)-1] != clubOrigin+"/" {
			t.Errorf("the link to whom an owner let in led to %q", trail)
		}
		// What was granted is for that site.
		_, page = eve.goes(appOrigin + "/")
		page.is(t, http.StatusForbidden).says(t, "eve@elsewhere.example")
		ada.isIn("ada@example.com", clubOrigin)

		// Where nobody is asked, nobody is written to.
		mallory := f.traveller()
		mallory.asks("mallory@elsewhere.example", appOrigin+"/")
		f.gates[0].comesToRest()
		if got := f.mail.received("mallory@elsewhere.example"); len(got) > 0 {
			t.Errorf("whom no site admits got %s", got[0].text)
		}
	})
}

func TestAnInvitationLeadsThroughThePortalToTheSite(t *testing.T) {
	t.Parallel()
	f := startFront(t, plan{})
	f.gates[0].succeeds("invite", "carl@example.com", "--site", clubOrigin)
	m := f.mail.await("carl@example.com")
	m.check(t, "carl@example.com")
	carl := f.traveller()
	carl.at(loginOrigin).submit("/_doorpost/link", "token", m.token).is(t, http.StatusOK).says(t, "carl@example.com").says(t, "club.other.example").setsNoSession(t)
	trail, last := carl.redeems(m)
	carl.isKnown()
	if last.echo(t); trail[len(trail)-1] != clubOrigin+"/" {
		t.Errorf("the invitation led to %q", trail)
	}
	f.traveller().at(loginOrigin).submit("/_doorpost/link", "token", m.token).is(t, http.StatusGone)
	carl.isIn("carl@example.com", appOrigin)
}

// Sessions go on when a portal comes and when it goes.
func TestAReloadBringsThePortalAndTakesItAway(t *testing.T) {
	t.Parallel()
	f := prepareFront(t, 1, plan{})
	g := f.gates[0]
	without := func() {
		f.configureSites(g, setup{}, "doorpost {\nurl "+loginOrigin+"\nallow *@example.com\n}\nreverse_proxy "+g.upstream.address)
	}
	load := func() {
		t.Helper()
		if code, output := runToEnd(t, g.home, "reload", "--config", g.caddyfile(), "--address", g.admin); code != 0 {
			t.Fatalf("the reload ended with %d: %s", code, output)
		}
	}
	without()
	f.run()
	// at a site by itself, where it has the pages
	atSite := func(b *traveller, who, origin string) {
		t.Helper()
		v := b.at(origin)
		v.ask(who, "/").leadsTo(t, "/_doorpost/check-mail")
		v.redeem(f.mail.await(who), "/")
		v.isIn(who)
		b.isKnown()
	}
	ada, bob := f.traveller(), f.traveller()
	atSite(ada, "ada@example.com", appOrigin)
	atSite(bob, "bob@example.com", loginOrigin)

	f.configure(g, setup{})
	load()
	ada.open(appOrigin + "/").echo(t) // goes on by itself
	ada.signsIn("ada@example.com", wikiOrigin+"/")
	ada.isIn("ada@example.com", appOrigin)
	bob.isIn("bob@example.com", wikiOrigin) // whose session is that of the portal now
	bob.forgets(wikiOrigin)
	ticket := bob.ticket(wikiOrigin, "/x")
	load() // the same again
	bob.open(ticket).leadsTo(t, "/x")

	without()
	load()
	ada.open(appOrigin + "/").echo(t)
	ada.open(wikiOrigin + "/").echo(t)
	bob.open(wikiOrigin + "/").echo(t)
	bob.open(loginOrigin + "/").echo(t)
	fresh := f.traveller()
	fresh.open(appOrigin+"/x").leadsTo(t, "/_doorpost/sign-in?to=%2Fx")
	fresh.open(appOrigin+ticket[len(wikiOrigin):]).is(t, http.StatusNotFound)
	atSite(fresh, "carl@example.com", clubOrigin)
	// Together they came, together they end.
	bob.at(wikiOrigin).submit("/_doorpost/sign-out").leadsTo(t, "/_doorpost/sign-out")
	bob.at(loginOrigin).isOut()

	f.configure(g, setup{})
	load()
	ada.isIn("ada@example.com", wikiOrigin)
	fresh.isIn("carl@example.com", clubOrigin)
	bob.signsIn("bob@example.com", wikiOrigin+"/")
	if errors := g.loggedErrors(); len(errors) > 0 {
		t.Errorf("the gate logged errors: %q", errors)
	}
}

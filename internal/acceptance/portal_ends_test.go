package acceptance

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// as is the gate as visitors of one of its sites meet it.
func (g *stage) as(origin string) *stage {
	there := *g
	there.origin = origin
	return &there
}

// isOver fails the test unless somebody is signed in nowhere in time: neither at the
// portal nor at a site, at no gate.
func (b *traveller) isOver(t *testing.T, since time.Time) {
	t.Helper()
	for _, g := range b.f.gates {
		for _, origin := range []string{appOrigin, wikiOrigin, loginOrigin} {
			v := b.via(g).at(origin)
			if !testkit.HoldsWithin(revocationTime-time.Since(since), func() bool { return v.who() == "" }) {
				t.Errorf("%v after the end somebody is signed in at %s", time.Since(since), origin)
			}
		}
		_, last := b.via(g).goes(appOrigin + "/")
		last.is(t, http.StatusOK).says(t, "Your email address")
	}
}

func TestAttackPO05EveryEndOfASignInReachesAllSites(t *testing.T) {
	t.Parallel()
	f := startFronts(t, redistest.Single(t).URL(), plan{})
	bob, first, second := f.traveller(), f.gates[0], f.gates[1]
	bob.signsIn("bob@example.com", appOrigin+"/")
	bob.isIn("bob@example.com", wikiOrigin)
	his := []*socket{first.as(appOrigin).connect(bob.at(appOrigin), "bob@example.com"), second.as(wikiOrigin).connect(bob.at(wikiOrigin), "bob@example.com")}
	ends := map[string]func(t *testing.T, who string, b *traveller){
		"signing out at a site": func(t *testing.T, _ string, b *traveller) {
			trail, last := b.follow(appOrigin, b.via(first).at(appOrigin).submit("/_doorpost/sign-out"))
			if last.is(t, http.StatusOK); trail[len(trail)-1] != loginOrigin+"/_doorpost/sign-out" {
				t.Errorf("signing out leads to %q", trail)
			}
		},
		"signing out at the portal": func(t *testing.T, _ string, b *traveller) {
			b.via(second).at(loginOrigin).submit("/_doorpost/sign-out").leadsTo(t, "/_doorpost/sign-out")
		},
		"another browser, at the portal": func(_ *testing.T, who string, _ *traveller) {
			other := f.traveller()
			other.signsIn(who, loginOrigin+"/")
			other.at(loginOrigin).submit("/_doorpost/sign-out", "scope", "all")
		},
		"another sign-in in the browser": func(_ *testing.T, _ string, b *traveller) {
			b.at(loginOrigin).ask("eve@example.com", "/")
			b.redeems(f.mail.await("eve@example.com"))
			b.isKnown()
			b.at(loginOrigin).submit("/_doorpost/sign-out")
		},
		"sessions end": func(_ *testing.T, who string, _ *traveller) { second.succeeds("sessions", "end", who) },
		"sessions end --id": func(t *testing.T, who string, _ *traveller) {
			var list []struct{ ID string }
			second.prints(&list, "sessions", "list", who)
			if len(list) != 1 {
				t.Fatalf("of one sign-in are listed %+v", list)
			}
			second.succeeds("sessions", "end", "--id", list[0].ID)
		},
		"users disable": func(_ *testing.T, who string, _ *traveller) { second.succeeds("users", "disable", who) },
		"users remove":  func(_ *testing.T, who string, _ *traveller) { second.succeeds("users", "remove", who) },
	}
	number := 0
	for what, end := range ends {
		number++
		who := fmt.Sprintf("ada%d@example.com", number)
		t.Run(what, func(t *testing.T) {
			ada := f.traveller()
			ada.signsIn(who, appOrigin+"/")
			ada.isIn(who, wikiOrigin)
			for _, g := range f.gates { // so that both know all of them
				for _, origin := range []string{appOrigin, wikiOrigin, loginOrigin} {
					if got := ada.via(g).at(origin).who(); got != who {
						t.Fatalf("at %s is signed in %q", origin, got)
					}
				}
			}
			copied := ada.copied()
			hers := []*socket{first.as(appOrigin).connect(ada.at(appOrigin), who), second.as(wikiOrigin).connect(ada.at(wikiOrigin), who), second.as(appOrigin).connect(ada.at(appOrigin), who)}
			end(t, who, ada)
			ended := time.Now()
			for _, s := range hers {
				s.ends(f.chat, ended, revocationTime)
			}
			copied.isOver(t, ended)
		})
	}
	for _, s := range his {
		s.speaks()
	}
	bob.isIn("bob@example.com", appOrigin)
	var list []struct{ Address string }
	first.prints(&list, "sessions", "list")
	if len(list) != 1 || list[0].Address != "bob@example.com" {
		t.Errorf("left are %+v", list)
	}
}

// What takes a minute, the shortest that there is: idle sessions, tickets, recent proofs.
func TestASiteAndThePortalAgeTogether(t *testing.T) {
	const minute = time.Minute
	s := setup{
		global: "session {\nidle 1m\n}", site: "allow *@example.com",
		behind: "doorpost /safe/* {\nallow *@example.com\nrecent 1m\n}",
	}
	eachFront(t, plan{setup: s}, func(t *testing.T, f *front) {
		ada, bob, carl, dora := f.traveller(), f.traveller(), f.traveller(), f.traveller()
		for b, who := range map[*traveller]string{ada: "ada@example.com", bob: "bob@example.com", dora: "dora@example.com"} {
			b.signsIn(who, wikiOrigin+"/")
			b.isIn(who, appOrigin)
		}
		ada.open(appOrigin + "/safe/gold").echo(t)
		dora.forgets(appOrigin)
		ticket, given := dora.ticket(appOrigin, "/x"), time.Now()
		carl.signsIn("carl@example.com", wikiOrigin+"/")
		his := f.gates[0].as(wikiOrigin).connect(carl.at(wikiOrigin), "carl@example.com")
		used := time.Now()
		again := time.NewTicker(2 * time.Second)
		defer again.Stop()
		for time.Since(used) < minute-2*time.Second {
			<-again.C
			ada.isIn("ada@example.com", appOrigin)
			bob.open(loginOrigin+"/_doorpost/account").is(t, http.StatusOK)
			dora.isIn("dora@example.com", wikiOrigin)
		}
		t.Logf("a WebSocket of who used nothing ended %v after the last use", his.ends(f.chat, used, minute+revocationTime))
		carl.isOver(t, time.Now())
		await(t, "the ticket to be too old", func() bool { return time.Since(given) > minute+2*time.Second })

		// Who used one of them is in at all.
		for b, who := range map[*traveller]string{ada: "ada@example.com", bob: "bob@example.com"} {
			for _, g := range f.gates {
				for _, origin := range []string{appOrigin, wikiOrigin, loginOrigin} {
					if got := b.via(g).at(origin).who(); got != who {
						t.Errorf("at %s is signed in %q, want %s", origin, got, who)
					}
				}
			}
		}
		dora.entersNobody(t, "a ticket that is too old", ticket)
		if trail, last := dora.goes(ticket); !last.isUpstream() || len(trail) != 3 {
			t.Errorf("who has a ticket that is too old is led to %q", trail)
		}
		ada.provesAnew(t)
	})
}

// provesAnew is ada, whose proof is too old for a part of the app.
func (b *traveller) provesAnew(t *testing.T) {
	t.Helper()
	const wanted = appOrigin + "/safe/gold?bar=1%2F"
	app, login := b.at(appOrigin), b.at(loginOrigin)
	for range 4 { // it is no circle, however often she looks
		trail, page := b.goes(wanted)
		if page.is(t, http.StatusOK).says(t, "ada@example.com"); len(trail) != 1 {
			t.Errorf("who has to prove their address anew is led to %q", trail)
		}
	}
	app.do(app.script(http.MethodGet, "/safe/gold")).isProblem(t, http.StatusUnauthorized)
	app.submit("/safe/gold", "bar", "2").is(t, http.StatusUnauthorized)
	b.isIn("ada@example.com", appOrigin)
	_, page := b.goes(wanted)
	login.press(page, "/_doorpost/sign-in").leadsTo(t, "/_doorpost/check-mail")
	login.open("/_doorpost/check-mail").is(t, http.StatusOK) // and not back at once: nothing is proven yet
	trail, last := b.redeems(b.f.mail.await("ada@example.com"))
	b.isKnown()
	if last.echo(t); trail[len(trail)-1] != wanted {
		t.Errorf("the new proof led to %q", trail)
	}
	b.isIn("ada@example.com", wikiOrigin)
	b.open(wanted).echo(t)
}

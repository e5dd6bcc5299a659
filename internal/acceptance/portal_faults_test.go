package acceptance

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/redistest"
)

// waits fails the test unless an answer says that this cannot be done just now, on a page
// that leads on. It returns where that leads.
func (b *traveller) waits(t *testing.T, r *http.Request, what string) (onward string) {
	t.Helper()
	origin := r.URL.Scheme + "://" + r.URL.Host
	a, _ := b.at(origin).try(r) // the error says that it is a server error
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || a.location() != "" {
		t.Fatalf("%s: answered %d, Retry-After %q, %s: %s", what, a.status, a.header.Get("Retry-After"), a.location(), a.text())
	}
	links := a.links()
	if len(links) == 0 {
		t.Fatalf("%s: the page leads nowhere: %s", what, a.text())
	}
	if onward = links[0]; strings.HasPrefix(onward, "/") {
		onward = origin + onward
	}
	return onward
}

// leadsBack follows a link of a page that said "not just now", with the button of the
// form for somebody who is signed in, and fails the test unless it ends where the person
// wanted to go.
func (b *traveller) leadsBack(t *testing.T, what, onward, wanted string) {
	t.Helper()
	trail, last := b.goes(onward)
	if links := last.links(); !last.isUpstream() && slices.Contains(links, wanted) {
		trail, last = b.goes(wanted)
	}
	if !last.isUpstream() {
		t.Errorf("%s: %s led to %q, %d: %s", what, onward, trail, last.status, last.text())
		return
	}
	if _, path := b.split(wanted); last.echo(t).Line != "GET "+path+" HTTP/1.1" {
		t.Errorf("%s: %s led to %s, want %s", what, onward, last.echo(t).Line, wanted)
	}
}

// reaches waits until both gates reach the store again.
func (f *front) reaches(what string) {
	f.t.Helper()
	for _, g := range f.gates {
		v := g.behindTLS(loginOrigin)
		await(f.t, what, func() bool {
			a, err := v.try(v.form("/_doorpost/sign-in", "email", "nobody@elsewhere.example"))
			return err == nil && a.status == http.StatusSeeOther
		})
	}
}

func TestAttackPO08AStoreThatIsGoneOnTheWayLosesNobodysPlace(t *testing.T) {
	t.Parallel()
	for what, harm := range map[string]struct {
		begin func(*testing.T, *redistest.Proxy)
		end   func(*testing.T, *redistest.Proxy)
	}{
		"no connection": {func(_ *testing.T, p *redistest.Proxy) { p.Cut() }, func(t *testing.T, p *redistest.Proxy) { p.Mend(t) }},
		"answers lost":  {func(t *testing.T, p *redistest.Proxy) { p.Do(t, redistest.AnswerLost) }, func(_ *testing.T, p *redistest.Proxy) { p.Heal() }},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			between := redistest.Between(t, redistest.Single(t))
			f := startFronts(t, between.URL(), plan{})
			f.loses(t, func() { harm.begin(t, between) }, func() {
				harm.end(t, between)
				f.reaches("the store to be reached again")
			})
		})
	}
}

// loses takes somebody from a site to the portal and back, with the store gone at each
// step.
func (f *front) loses(t *testing.T, begin, end func()) {
	ada := f.traveller()
	first, second := ada.via(f.gates[0]), ada.via(f.gates[1])
	first.signsIn("ada@example.com", appOrigin+"/")
	const wanted = wikiOrigin + "/page?a=1%2F&b"
	toPortal := second.open(wanted).is(t, http.StatusSeeOther).location()
	stranger, asked := f.traveller(), f.traveller()
	asked.asks("eve@example.com", wanted)
	link := f.mail.await("eve@example.com")

	begin()
	onward := second.waits(t, second.request(toPortal), "at the portal")
	second.via(f.gates[1]).open(loginOrigin+"/_doorpost/sign-in").is(t, http.StatusOK)
	trail, page := stranger.goes(wanted) // neither the site nor the form needs a store
	if page.is(t, http.StatusOK); len(trail) != 1 {
		t.Errorf("who is not signed in is led to %q", trail)
	}
	asking := stranger.at(loginOrigin).form("/_doorpost/sign-in", "email", "new@example.com", "to", page.field(t, "to"))
	askAgain := stranger.waits(t, asking, "asking")
	redeeming := asked.at(loginOrigin).form("/_doorpost/link", "token", link.token)
	asked.waits(t, redeeming, "redeeming")
	end()
	second.leadsBack(t, "at the portal", onward, wanted)
	if _, page := stranger.goes(askAgain); page.is(t, http.StatusOK).field(t, "to") != wanted {
		t.Errorf("whoever asked is led to the form for %s", page.field(t, "to"))
	}
	stranger.signsIn("new@example.com", askAgain)
	stranger.isIn("new@example.com", wikiOrigin)
	// The link was used or was not; whichever it is, the browser gets where it wanted.
	asked.at(loginOrigin).submit("/_doorpost/link", "token", link.token)
	if _, last := asked.goes(wanted); !last.isUpstream() {
		t.Errorf("whose link met no store is answered %d: %s", last.status, last.text())
	}
	asked.isKnown()

	ada.forgets(wikiOrigin)
	ticket := first.ticket(wikiOrigin, "/page?a=1%2F&b")
	begin()
	onward = first.waits(t, first.request(ticket), "with the ticket")
	end()
	first.leadsBack(t, "with the ticket", onward, wanted)

	begin()
	onward = second.waits(t, second.request(wanted), "the first request")
	program := second.at(wikiOrigin)
	a, _ := program.try(program.script(http.MethodGet, "/page"))
	a.isProblem(t, http.StatusServiceUnavailable)
	end()
	second.leadsBack(t, "the first request", onward, wanted)
	ada.isIn("ada@example.com", appOrigin)
}

// request is the request of somebody who opens an address.
func (b *traveller) request(address string) *http.Request {
	b.f.t.Helper()
	origin, path := b.split(address)
	return b.at(origin).navigate(path)
}

func TestARestartOfGatesByTurnsOnTheWayCostsNobodyTheirPlace(t *testing.T) {
	t.Parallel()
	f := startFronts(t, redistest.Single(t).URL(), plan{})
	const wanted = "/page?a=1%2F&b"
	ada := f.traveller()
	var toPortal, back string
	var link message
	for i, step := range []func(){
		func() { toPortal = ada.open(appOrigin+wanted).is(t, http.StatusSeeOther).location() },
		func() {
			page := ada.open(toPortal).is(t, http.StatusOK)
			ada.at(loginOrigin).press(page, "/_doorpost/sign-in", "email", "ada@example.com").leadsTo(t, "/_doorpost/check-mail")
			link = f.mail.await("ada@example.com")
		},
		func() {
			ada.at(loginOrigin).submit("/_doorpost/link", "token", link.token).leadsTo(t, appOrigin+wanted)
			ada.isKnown()
		},
		func() { toPortal = ada.open(appOrigin+wanted).is(t, http.StatusSeeOther).location() },
		func() { back = ada.open(toPortal).is(t, http.StatusSeeOther).location() },
		func() { ada.open(back).leadsTo(t, wanted) },
		func() {
			if got := ada.open(appOrigin + wanted).echo(t).values("Remote-User"); !slices.Equal(got, []string{"ada@example.com"}) {
				t.Errorf("the app is told %q", got)
			}
		},
	} {
		g := f.gates[i%2]
		g.gate.stop()
		step()
		f.runGate(g)
	}
}

func TestTheHandOverCostsFourRoundTripsToTheStore(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	f := startFronts(t, server.URL(), plan{setup: setup{silent: true}})
	ada := f.traveller()
	ada.signsIn("ada@example.com", appOrigin+"/")
	// Nobody's session is known to the other gate.
	ada = ada.via(f.gates[1])
	settledCalls(t, server)
	// The scripts that steps run, and a look at sessions; what claims messages is a script
	// that reads a stream, or finds that there is none.
	trips := func() int {
		calls := server.Calls(t)
		return calls["evalsha"] + calls["eval"] + calls["mget"] - calls["xpending"]
	}
	before := trips()
	trail, last := ada.goes(wikiOrigin + "/page")
	last.echo(t)
	cost := trips() - before
	t.Logf("%d round trips, %d redirects", cost, len(trail))
	if cost > 4 {
		t.Errorf("the hand-over took %d round trips: %v", cost, server.Calls(t))
	}
	before = trips()
	for range 50 {
		ada.open(wikiOrigin + "/page").echo(t)
	}
	if cost := trips() - before; cost != 0 {
		t.Errorf("later requests took %d round trips", cost)
	}
}

package acceptance

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// entersNobody opens an address with a ticket that must not let anybody in: the browser is
// sent anew to the portal, or gets a page.
func (b *traveller) entersNobody(t *testing.T, what, address string) {
	t.Helper()
	a := b.open(address).setsNoSession(t)
	if a.status != http.StatusForbidden && !strings.HasPrefix(a.location(), loginOrigin+enterPath+"?site=") {
		t.Errorf("%s: answered %d, and sent to %q", what, a.status, a.location())
	}
}

func TestAttackPO01ATicketIsGoodOnce(t *testing.T) {
	eachFront(t, plan{setup: setup{silent: true}}, func(t *testing.T, f *front) {
		const rounds, uses = 2, 100
		ada := f.traveller()
		ada.signsIn("ada@example.com", wikiOrigin+"/")
		for range rounds {
			ada.forgets(appOrigin)
			ticket := ada.ticket(appOrigin, "/x")
			var all []*traveller
			for i := range uses {
				b := ada.copied().via(f.gates[i%len(f.gates)])
				b.at(appOrigin).who() // so that all are connected
				all = append(all, b)
			}
			_, path := ada.split(ticket)
			answers, failures := make([]answer, uses), make([]error, uses)
			begin := make(chan struct{})
			var using sync.WaitGroup
			for i, b := range all {
				v := b.at(appOrigin)
				using.Go(func() {
					<-begin
					answers[i], failures[i] = v.try(v.navigate(path))
				})
			}
			close(begin)
			using.Wait()
			var in []*traveller
			for i, a := range answers {
				_, value := all[i].at(appOrigin).sessionCookie()
				switch {
				case failures[i] != nil:
					t.Error(failures[i])
				case a.location() == "/x" && value != "":
					in = append(in, all[i])
				case a.status != http.StatusSeeOther || value != "" || !strings.HasPrefix(a.location(), loginOrigin+enterPath):
					t.Errorf("a use was answered %d, and sent to %s with the cookie %q", a.status, a.location(), value)
				}
			}
			if len(in) != 1 {
				t.Fatalf("one ticket let in %d times", len(in))
			}
			in[0].isIn("ada@example.com", appOrigin)
			// Used again it lets nobody in, and does no harm to whom it let in.
			again := in[0].open(ticket).leadsTo(t, "/x")
			if len(again.header["Set-Cookie"]) > 0 {
				t.Errorf("a used ticket changes the cookies of who is in: %q", again.header["Set-Cookie"])
			}
			in[0].isIn("ada@example.com", appOrigin)
			ada.entersNobody(t, "a used ticket", ticket)
			ada.isIn("ada@example.com", appOrigin) // by another ticket
		}
		var list []struct{ Address string }
		f.gates[0].prints(&list, "sessions", "list")
		if len(list) != 1 {
			t.Errorf("of one sign-in are listed %+v", list)
		}
	})
}

func TestAttackPO02ATicketIsForOneSiteAndOneBrowser(t *testing.T) {
	eachFront(t, plan{}, func(t *testing.T, f *front) {
		ada, eve, stranger := f.traveller(), f.traveller(), f.traveller()
		ada.signsIn("ada@example.com", wikiOrigin+"/")
		eve.open(appOrigin+"/").is(t, http.StatusSeeOther) // so that she has a hop
		ticket := ada.ticket(appOrigin, "/x")
		elsewhere := strings.Replace(ticket, appOrigin, wikiOrigin, 1)
		hopName, hop := ada.at(appOrigin).ours("doorpost-hop")

		ada.isIn("ada@example.com", wikiOrigin)
		if a := ada.open(elsewhere).setsNoSession(t); a.location() != "/x" {
			t.Errorf("the ticket of another site led somebody who is in to %s", a.location())
		}
		ada.isIn("ada@example.com", wikiOrigin)
		ada.forgets(wikiOrigin)
		ada.open(wikiOrigin+"/").is(t, http.StatusSeeOther)
		ada.entersNobody(t, "the ticket of another site", elsewhere)
		ada.at(wikiOrigin).cookies[hopName] = hop
		ada.entersNobody(t, "the ticket of another site, with its hop", elsewhere)

		// Nothing of this has used it up, nor has looking.
		v := ada.at(appOrigin)
		_, path := ada.split(ticket)
		v.do(v.request(http.MethodHead, path, "")).setsNoSession(t)
		twice := path + "&ticket=" + url.QueryEscape(queryOf(t, ticket).Get("ticket"))
		v.open(twice).setsNoSession(t)
		v.submit(path, "ticket", queryOf(t, ticket).Get("ticket")).is(t, http.StatusNotFound).setsNoSession(t)
		ada.open(ticket).leadsTo(t, "/x")
		ada.isIn("ada@example.com", appOrigin)

		// At its own site any browser that brings it uses it up.
		wrong := func(what string, brings func(ticket string)) {
			ada.forgets(appOrigin)
			ticket := ada.ticket(appOrigin, "/x")
			brings(ticket)
			ada.entersNobody(t, "a ticket after "+what, ticket)
		}
		wrong("a browser without a hop", func(ticket string) { stranger.entersNobody(t, "a browser without a hop", ticket) })
		wrong("another hop", func(ticket string) { eve.entersNobody(t, "another hop", ticket) })
		_, evesHop := eve.at(appOrigin).ours("doorpost-hop")
		for what, cookie := range map[string]func(hop, hash string) string{
			"the hash of the hop":      func(_, hash string) string { return hash + ".0" },
			"the hash alone":           func(_, hash string) string { return hash },
			"no hop":                   func(_, _ string) string { return "" },
			"a dot":                    func(_, _ string) string { return ".0" },
			"a cut hop":                func(hop, _ string) string { return hop[1:] },
			"a hop without its number": func(hop, _ string) string { return strings.TrimSuffix(hop, ".0") },
			"another number":           func(hop, _ string) string { return strings.TrimSuffix(hop, ".0") + ".x" },
			"a hop in quotes":          func(hop, _ string) string { return `"` + hop + `"` },
			"two in one":               func(hop, _ string) string { return hop + "," + hop },
			"one that was planted":     func(hop, _ string) string { return hop + "; " + hopName + "=" + evesHop },
			"one planted before it":    func(hop, _ string) string { return evesHop + "; " + hopName + "=" + hop },
		} {
			wrong(what, func(ticket string) {
				_, hop := ada.at(appOrigin).ours("doorpost-hop")
				hash := queryOf(t, ada.open(appOrigin+"/").location()).Get("hop")
				v := stranger.at(appOrigin)
				_, path := ada.split(ticket)
				r := v.navigate(path)
				r.Header.Set("Cookie", hopName+"="+cookie(hop, hash))
				if a := v.do(r).setsNoSession(t); a.location() == "/x" {
					t.Errorf("%s entered", what)
				}
			})
		}
	})
}

func TestAttackPO03NobodyIsSignedInAsTheAttacker(t *testing.T) {
	t.Parallel()
	f := startFront(t, plan{})
	eve := f.traveller()
	eve.signsIn("eve@example.com", wikiOrigin+"/")
	evesHash := queryOf(t, eve.open(appOrigin+"/").location()).Get("hop")
	ada := f.traveller()
	ada.signsIn("ada@example.com", wikiOrigin+"/")
	onHerWay := f.traveller()
	onHerWay.open(appOrigin+"/").is(t, http.StatusSeeOther)

	for what, b := range map[string]*traveller{"nobody is signed in": f.traveller(), "nobody yet": onHerWay} {
		trail, last := b.goes(eve.ticket(appOrigin, "/trap"))
		if last.setsNoSession(t).is(t, http.StatusOK); !strings.HasPrefix(trail[len(trail)-1], loginOrigin+enterPath) || b.at(appOrigin).who() != "" {
			t.Errorf("%s: led to %q as %q", what, trail, b.at(appOrigin).who())
		}
		if strings.Contains(last.text(), "eve@example.com") {
			t.Errorf("%s: the page is about the attacker: %s", what, last.text())
		}
	}
	// Who is signed in at the portal, at the site or at both is who they were.
	for range 2 {
		_, last := ada.goes(eve.ticket(appOrigin, "/trap"))
		if told := last.echo(t).values("Remote-User"); len(told) != 1 || told[0] != "ada@example.com" {
			t.Fatalf("the ticket of somebody else makes the browser one of %q", told)
		}
	}
	// The portal gives a ticket for whatever hop, and only the browser with it can use it.
	ada.forgets(appOrigin)
	ticket := ada.open(enteringAt("site", appOrigin, "to", "/trap", "hop", evesHash)).is(t, http.StatusSeeOther).location()
	ada.entersNobody(t, "the ticket for another's hop", ticket)
	_, last := ada.goes(enteringAt("site", appOrigin, "to", "/trap", "hop", evesHash))
	if told := last.echo(t).values("Remote-User"); len(told) != 1 || told[0] != "ada@example.com" {
		t.Fatalf("the app is told %q", told)
	}
	// Without a hop nobody gets a ticket at all.
	for _, hop := range []string{"", "x", evesHash + "=", evesHash[1:], evesHash + evesHash} {
		ada.open(enteringAt("site", appOrigin, "to", "/x", "hop", hop)).leadsTo(t, appOrigin+"/x")
	}
}

// An app's script can send forms from the browser of whoever visits the app.
func TestAttackPO06AnAppSendsTheFormsOfThePortal(t *testing.T) {
	t.Parallel()
	f := startFront(t, plan{})
	admin, ada, phone := f.traveller(), f.traveller(), f.traveller()
	admin.signsIn("admin@example.com", appOrigin+"/")
	ada.signsIn("ada@example.com", appOrigin+"/")
	phone.signsIn("ada@example.com", appOrigin+"/")
	login := admin.at(loginOrigin)
	for _, page := range append([]string{"/sign-in", "/sign-out", "/enter"}, atPortalOnly...) {
		for _, from := range [][2]string{{appOrigin, "same-site"}, {appOrigin, "cross-site"}, {appOrigin, "same-origin"}, {"null", "cross-site"}, {"null", ""}, {"", "same-site"}, {"", ""}} {
			r := login.form("/_doorpost"+page, "who", "ada@example.com", "action", "remove", "confirm", "yes", "email", "eve@example.com", "remove", "yes", "to", appOrigin+"/", "scope", "all")
			r.Header.Del("Origin")
			r.Header.Del("Sec-Fetch-Site")
			for i, name := range []string{"Origin", "Sec-Fetch-Site"} {
				if from[i] != "" {
					r.Header.Set(name, from[i])
				}
			}
			a := login.do(r)
			if a.status != http.StatusForbidden && a.status != http.StatusNotFound && a.status != http.StatusMethodNotAllowed || len(a.header["Set-Cookie"]) > 0 {
				t.Errorf("%s from %q is answered %d", page, from, a.status)
			}
			if posts := page != "/enter" && page != "/mailbox" && page != "/nothing" && page != "/hooks/mailgun" && page != "/check-mail" && page != "/account"; posts && a.status != http.StatusForbidden {
				t.Errorf("%s from %q is answered %d, want 403", page, from, a.status)
			}
		}
	}
	admin.isIn("admin@example.com", appOrigin)
	admin.open(loginOrigin+"/_doorpost/account").is(t, http.StatusOK).says(t, "admin@example.com")

	// What it can send is the form of its own origin that signs out, and that ends this
	// sign-in and no other.
	ada.at(appOrigin).submit("/_doorpost/sign-out", "scope", "others").is(t, http.StatusSeeOther)
	ada.at(loginOrigin).isOut()
	phone.isIn("ada@example.com", appOrigin)
	var list []struct{ ID, Address string }
	f.gates[0].prints(&list, "sessions", "list", "ada@example.com")
	if len(list) != 1 {
		t.Fatalf("left are %+v", list)
	}
	ada.signsIn("ada@example.com", appOrigin+"/")
	ada.at(appOrigin).submit("/_doorpost/sign-out", "scope", "all", "session", list[0].ID).is(t, http.StatusSeeOther)
	ada.at(loginOrigin).isOut()
	phone.isIn("ada@example.com", appOrigin)
}

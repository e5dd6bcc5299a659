package acceptance

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestOneSignInAtThePortalServesSitesOfAllDomains(t *testing.T) {
	eachFront(t, plan{}, func(t *testing.T, f *front) {
		ada, carl := f.traveller(), f.traveller()
		const wanted = "/books?page=2%2F&x&to=//a"
		first := ada.open(appOrigin + wanted)
		if set := strings.Join(first.header.Values("Set-Cookie"), "\n"); !strings.HasPrefix(set, "__Host-doorpost-hop=") ||
			!strings.Contains(set, "Path=/; Max-Age=600; HttpOnly; Secure; SameSite=Lax") || strings.Contains(set, "\n") {
			t.Errorf("on the way to the portal the site sets %s", set)
		}
		trail, last := ada.signsIn("ada@example.com", appOrigin+wanted)
		got := last.echo(t)
		if trail[0] != appOrigin+wanted || trail[len(trail)-1] != appOrigin+wanted || got.Line != "GET "+wanted+" HTTP/1.1" || len(trail) != 4 {
			t.Errorf("after the sign-in the way was %q, and the app got %s", trail, got.Line)
		}
		if sent := got.values("Cookie"); len(sent) > 0 {
			t.Errorf("the app is sent the cookies %q", sent)
		}
		ada.isIn("ada@example.com", wikiOrigin)
		carl.signsIn("carl@example.com", clubOrigin+"/")
		carl.isIn("carl@example.com", clubOrigin)
		carl.isIn("carl@example.com", appOrigin)
		trail, last = ada.goes(clubOrigin + "/door")
		if last.is(t, http.StatusForbidden).says(t, "ada@example.com"); !strings.HasPrefix(trail[len(trail)-1], loginOrigin+enterPath) {
			t.Errorf("who is not admitted is told so at %s", trail[len(trail)-1])
		}

		// Each site has a session of its own, which is worth nothing at another.
		_, atApp := ada.at(appOrigin).sessionCookie()
		name, atWiki := ada.at(wikiOrigin).sessionCookie()
		if _, atPortal := ada.at(loginOrigin).sessionCookie(); atApp == atWiki || atApp == atPortal || name != "__Host-doorpost" {
			t.Errorf("the sites share the cookie %s", name)
		}
		stolen := f.traveller()
		for _, origin := range []string{loginOrigin, wikiOrigin} {
			stolen.at(origin).cookies[name] = atApp
			if who := stolen.at(origin).who(); who != "" {
				t.Errorf("the cookie of a site signs %s in at %s", who, origin)
			}
		}

		account := ada.open(loginOrigin+"/_doorpost/account").is(t, http.StatusOK).says(t, "ada@example.com")
		if links := account.links(); !slices.Contains(links, appOrigin+"/") || !slices.Contains(links, wikiOrigin+"/") || slices.Contains(links, clubOrigin+"/") {
			t.Errorf("the account page leads to %q", links)
		}
		ada.open(loginOrigin+"/").leadsTo(t, "/_doorpost/account")
		var list []struct{ Address, Site string }
		f.gates[0].prints(&list, "sessions", "list")
		if len(list) != 2 || list[0].Address != "ada@example.com" || list[1].Address != "carl@example.com" || list[0].Site != loginOrigin {
			t.Errorf("of two sign-ins are listed %+v", list)
		}

		other := f.traveller()
		other.signsIn("ada@example.com", appOrigin+"/")
		other.isIn("ada@example.com", wikiOrigin)
		if m := f.mail.toldOfNewBrowsers("ada@example.com", 1); !slices.Contains(strings.Fields(m.text), loginOrigin+"/_doorpost/account") {
			t.Errorf("who is told of a new browser is not led to the account: %s", m.text)
		}
	})
}

// atPortalOnly are the pages of ours that no site has which shares a portal.
var atPortalOnly = strings.Fields("/check-mail /code /link /stop /ask /decide /account /account/address /account/recovery " +
	"/account/confirm /account/delete /people /mailbox /hooks/mailgun /nothing")

func TestASiteWithAPortalHasNoPageThatMatters(t *testing.T) {
	t.Parallel()
	f := startFront(t, plan{setup: setup{site: "allow *@example.com\npeople"}}) // which counts without a portal only
	admin, ada, stranger := f.traveller(), f.traveller(), f.traveller()
	admin.signsIn("admin@example.com", appOrigin+"/")
	ada.signsIn("ada@example.com", appOrigin+"/")

	t.Run("others are at the portal", func(t *testing.T) {
		for _, page := range atPortalOnly {
			path := "/_doorpost" + page
			for _, b := range []*traveller{admin, stranger} {
				v := b.at(appOrigin)
				v.open(path+"?a=1%2F&b=//x").leadsTo(t, loginOrigin+path+"?a=1%2F&b=//x")
				v.do(v.request(http.MethodHead, path, "")).leadsTo(t, loginOrigin+path)
				v.do(v.script(http.MethodGet, path)).leadsTo(t, loginOrigin+path)
				v.submit(path, "token", "x", "who", "ada@example.com", "action", "end", "confirm", "yes").is(t, http.StatusNotFound)
				v.do(v.script(http.MethodDelete, path)).isProblem(t, http.StatusNotFound)
			}
		}
		for _, page := range []string{"/sign-in", "/enter", "/session"} {
			admin.at(appOrigin).submit("/_doorpost"+page, "email", "ada@example.com").is(t, http.StatusNotFound)
		}
		ada.isIn("ada@example.com", appOrigin)
	})
	t.Run("programs are told where people sign in", func(t *testing.T) {
		v := stranger.at(appOrigin)
		for _, r := range []*http.Request{v.script(http.MethodGet, "/api"), v.script(http.MethodPost, "/api"), v.script(http.MethodGet, "/_doorpost/session")} {
			a := v.do(r)
			if problem := a.isProblem(t, http.StatusUnauthorized); problem["sign_in_url"] != appOrigin+"/_doorpost/sign-in" || len(a.header["Set-Cookie"]) > 0 {
				t.Errorf("a program is told %v, with the cookies %q", problem, a.header["Set-Cookie"])
			}
		}
		v.submit("/form", "a", "b").is(t, http.StatusUnauthorized)
		rebuilt := v.request(http.MethodGet, "/page", "", "Accept", "text/html,*/*", "Sec-Fetch-Mode", "same-origin", "Sec-Fetch-Dest", "empty") // by a service worker
		page := v.do(rebuilt).is(t, http.StatusUnauthorized)
		_, last := stranger.goes(appOrigin + page.links()[0])
		last.is(t, http.StatusOK).says(t, "Sign in to app.example.com")
		if who := ada.at(appOrigin).who(); who != "ada@example.com" {
			t.Errorf("/session says %q", who)
		}
	})
	t.Run("the people page is at the portal, without a code", func(t *testing.T) {
		const path = "/_doorpost/people"
		login := admin.at(loginOrigin)
		login.open(path).is(t, http.StatusOK).says(t, "ada@example.com")
		ada.open(loginOrigin+path).is(t, http.StatusForbidden)
		stranger.open(loginOrigin+path).is(t, http.StatusSeeOther)
		ada.at(loginOrigin).submit(path, "who", "admin@example.com", "action", "end", "confirm", "yes").is(t, http.StatusForbidden)
		confirmed(t, login, "ada@example.com", "end").says(t, "ada@example.com")
		for _, origin := range []string{appOrigin, loginOrigin} {
			ada.at(origin).isOut()
		}
		admin.isIn("admin@example.com", appOrigin)
	})
}

// Where the session of a site is gone, that of the portal is enough, and the other way
// round it is not: the portal is where people sign in.
func TestOnlyThePortalLetsInto(t *testing.T) {
	t.Parallel()
	f := startFront(t, plan{})
	ada := f.traveller()
	ada.signsIn("ada@example.com", appOrigin+"/")
	ada.forgets(appOrigin)
	if trail, last := ada.goes(appOrigin + "/again"); len(trail) != 3 || !last.isUpstream() {
		t.Errorf("a site that forgot the browser answered %d after %q", last.status, trail)
	}
	ada.forgets(loginOrigin)
	ada.isIn("ada@example.com", appOrigin)
	_, last := ada.goes(wikiOrigin + "/")
	last.is(t, http.StatusOK).says(t, "Your email address")
	if said := last.text(); strings.Contains(said, "ada@example.com") {
		t.Errorf("the portal knows who is signed in at a site only: %s", said)
	}

	// A link that is opened in another browser leads there to the site, too.
	bob, phone := f.traveller(), f.traveller()
	bob.asks("bob@example.com", wikiOrigin+"/page?n=1")
	trail, last := phone.redeems(f.mail.await("bob@example.com"))
	phone.isKnown()
	last.echo(t)
	if trail[len(trail)-1] != wikiOrigin+"/page?n=1" {
		t.Errorf("the link in another browser led to %q", trail)
	}
	if _, last := bob.goes(wikiOrigin + "/"); last.isUpstream() {
		t.Error("the browser that asked is signed in by the other")
	}
	// The code, in the browser that asked.
	eve := f.traveller()
	eve.asks("eve@example.com", appOrigin+"/with?code")
	a := eve.at(loginOrigin).submit("/_doorpost/code", "code", f.mail.await("eve@example.com").code)
	if trail, last := eve.follow(loginOrigin, a); !last.isUpstream() || trail[0] != appOrigin+"/with?code" {
		t.Errorf("the code led to %q", trail)
	}
	eve.isKnown()
	// Whoever opens the portal itself ends up with their account.
	dora := f.traveller()
	trail, _ = dora.signsIn("dora@example.com", loginOrigin+"/")
	if fmt.Sprint(trail) != fmt.Sprint([]string{loginOrigin + "/_doorpost/account"}) {
		t.Errorf("a sign-in at the portal led to %q", trail)
	}
}

func TestAWildcardSiteSharesThePortalWithSitesOfTheirOwn(t *testing.T) {
	t.Parallel()
	const anyOrigin = "https://any.example.com"
	s := setup{}
	f := prepareFront(t, 1, plan{setup: s})
	g := f.gates[0]
	s.behind = "reverse_proxy " + g.upstream.address + "\n}\nhttp://*.example.com:" + g.port + " {\nlog\ndoorpost {\nurl https://*.example.com\nallow bob@example.com\nask owner@example.com\ntokens people\n}\nreverse_proxy " + g.upstream.address + "\n}\nhttp://more.example.com:" + g.port + " {\nlog\ndoorpost {\nurl https://more.example.com\nallow *@example.com\n}\n"
	f.configure(g, s)
	f.run()
	ada, bob := f.traveller(), f.traveller()
	for _, b := range []*traveller{ada, bob} {
		b.visitors[anyOrigin] = visitorBehindTLS(t, anyOrigin, f.dial)
	}
	ada.signsIn("ada@example.com", appOrigin+"/")
	bob.signsIn("bob@example.com", anyOrigin+"/")
	bob.isIn("bob@example.com", appOrigin)
	for range 10 { // the rules are those of the site of that name, always
		ada.forgets(appOrigin)
		ada.isIn("ada@example.com", appOrigin)
		_, page := ada.goes(anyOrigin + "/")
		page.is(t, http.StatusForbidden).says(t, "any.example.com")
	}
	ada.open(enteringAt("site", loginOrigin, "to", "/")).is(t, http.StatusNotFound)
	// App passwords are for the hosts of the wildcard where the person has been.
	account := bob.open(loginOrigin+"/_doorpost/account").is(t, http.StatusOK).says(t, "App passwords")
	if strings.Count(account.body, `<option value="https`) != 1 || !strings.Contains(account.body, `<option value="`+anyOrigin+`">`) {
		t.Errorf("the account offers other sites than %s: %s", anyOrigin, account.body)
	}
	for by, site := range map[*traveller]string{bob: loginOrigin, ada: anyOrigin} {
		by.at(loginOrigin).submit(tokenPath, "name", "x", "site", site, "days", "30").is(t, http.StatusBadRequest)
	}
	asked := bob.at(loginOrigin).press(account, tokenPath, "name", "phone", "site", anyOrigin, "days", "30").is(t, http.StatusOK)
	made := bob.at(loginOrigin).press(asked, tokenPath, "code", f.mail.await("bob@example.com").code).is(t, http.StatusOK)
	phone := visitorBehindTLS(t, anyOrigin, f.dial)
	phone.do(phone.request(http.MethodGet, "/", "", "Authorization", "Bearer "+ownToken.FindString(made.body))).is(t, http.StatusOK)
	if out := g.succeeds("why", "ada@example.com", appOrigin+"/"); !strings.Contains(out, "allow *@example.com") {
		t.Errorf("why says %s", out)
	}
}

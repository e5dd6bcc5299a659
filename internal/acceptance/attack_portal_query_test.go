package acceptance

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/redistest"
)

// nearOrigins are values that look like an address of a site behind the portal.
func nearOrigins() (all []string) {
	for _, to := range []string{
		"https://app.example.com", "https://app.example.com.evil.example/", "https://app.example.com@evil.example/", "https://app.example.com:443/", "https://APP.example.com/",
		"https://app.example.com//evil.example", "https://app.example.com/\\evil.example", "https://app.example.com\\@evil.example/", "https://app.example.com/_doorpost/sign-out",
		"http://app.example.com/", "//app.example.com/", "https://app.example.com:8443/", "https://user@app.example.com/", "https://app.example.com#@evil.example/",
		"https://app.example.com?@evil.example/", "https://app.example.com./", "https:///app.example.com/", "https:app.example.com/", "https://app%2eexample.com/", "\thttps://app.example.com/",
		"https://app.example.com\t.evil.example/", "https://app.example.com/..//evil.example", "https://app.example.com/%2e%2e//evil.example", "https://app.example.com/\r\nSet-Cookie: a=b",
		"https://*.example.com/", "https://*/", "https://evil.example/https://app.example.com/", "https://login.example.com/_doorpost/sign-out", "https://login.example.com/",
		"HTTPS://app.example.com/", "https://app.example.com/x?to=//evil.example", "https://wiki.other.example/_doorpost/enter?ticket=x", "https://[::1]/", "https://", "://app.example.com/",
	} {
		all = append(all, to, url.QueryEscape(to))
	}
	return all
}

// staysAtSites reports whether a browser at the portal that reads a Location stays at the
// portal or at one of the sites, which it would be sent to by an address of theirs.
func staysAtSites(location string) bool {
	for _, origin := range []string{loginOrigin, appOrigin, wikiOrigin, clubOrigin} {
		if rest, found := strings.CutPrefix(location, origin); found {
			return isLocal(rest)
		}
	}
	return isLocal(location)
}

func TestAttackPO04NoQueryLeadsElsewhere(t *testing.T) {
	t.Parallel()
	f := startFront(t, plan{setup: setup{silent: true}})
	ada, stranger := f.traveller(), f.traveller()
	ada.signsIn("ada@example.com", appOrigin+"/")
	hash := queryOf(t, stranger.open(appOrigin+"/").location()).Get("hop")
	corpus := slices.Concat(leadAway(), foreignTargets(), slices.Repeat(append(nearOrigins(), ""), 5)) // of the last each with everything, by turns
	login, app := ada.at(loginOrigin), f.traveller().at(appOrigin)
	// stays holds a Location to the sites, and where a page of ours would go on to.
	stays := func(what, value string, a answer) {
		t.Helper()
		if a.location() == "" {
			return
		}
		if a.is(t, http.StatusSeeOther); !staysAtSites(a.location()) {
			t.Errorf("%s %q leads to %q", what, value, a.location())
		}
		if to := queryOf(t, a.location()).Get("to"); strings.Contains(a.location(), "/_doorpost/") && to != "" && !staysAtSites(to) {
			t.Errorf("%s %q leads to %q, which goes on to %q", what, value, a.location(), to)
		}
	}
	for i, value := range corpus {
		b := []*traveller{ada, stranger}[i%2]
		switch i % 5 { // nothing of it depends on what it is tried with
		case 0:
			if page := b.open(enteringAt("site", value, "to", "/x", "hop", hash)); page.status != http.StatusNotFound && value != appOrigin {
				t.Errorf("site %q is answered %d", value, page.status)
			}
			stays("no ticket, to", value, app.open(enterPath+"?to="+url.QueryEscape(value)))
		case 1:
			a := ada.open(enteringAt("site", appOrigin, "to", value, "hop", hash)).is(t, http.StatusSeeOther)
			if stays("to", value, a); !strings.HasPrefix(a.location(), appOrigin+enterPath+"?ticket=") {
				t.Errorf("to %q leads to %q", value, a.location())
			}
			stays("sign-in to", value, app.open("/_doorpost/sign-in?again="+url.QueryEscape(value)+"&to="+url.QueryEscape(value)))
		case 2:
			page := stranger.open(loginOrigin+"/_doorpost/sign-in?to="+url.QueryEscape(value)).is(t, http.StatusOK)
			if to := page.field(t, "to"); !staysAtSites(to) {
				t.Errorf("the form for %q carries %q", value, to)
			}
			stays("signing out to", value, stranger.at(loginOrigin).submit("/_doorpost/sign-out", "to", value))
		case 3:
			stays("asking the owners to", value, login.submit("/_doorpost/ask", "to", value))
			stays("hop", value, b.open(enteringAt("site", appOrigin, "to", "/x", "hop", value)))
			stays("ticket", value, app.open(enterPath+"?to=/x&ticket="+url.QueryEscape(value)))
		case 4:
			stays("tried", value, app.open(enterPath+"?tried="+url.QueryEscape(value)))
			stays("tried at the portal", value, b.open(enteringAt("site", appOrigin, "to", "/x", "hop", hash, "tried", value)))
			b.open(enteringAt("site", appOrigin, "to", "/x", "hop", hash, "again", value)).is(t, http.StatusOK)
		}
		if i%50 == 2 {
			b := f.traveller()
			b.at(loginOrigin).ask("bob@example.com", value).leadsTo(t, "/_doorpost/check-mail")
			a := b.at(loginOrigin).submit("/_doorpost/link", "token", f.mail.await("bob@example.com").token)
			if stays("signing in to", value, a); a.location() == "" {
				t.Errorf("signing in to %q is answered %d", value, a.status)
			}
			b.isKnown()
		}
	}
	t.Logf("%d values", len(corpus))
	for what, query := range map[string]string{
		"no site": "to=/x&hop=" + hash, "two sites": "site=" + appOrigin + "&site=" + wikiOrigin, "a site twice": "site=" + appOrigin + "&site=" + appOrigin,
		"the portal itself": "site=" + loginOrigin, "a query that is none": "site=%zz&;=;", "nothing": "",
	} {
		for _, b := range []*traveller{ada, stranger} {
			if a := b.open(loginOrigin + enterPath + "?" + query); a.status != http.StatusNotFound {
				t.Errorf("%s is answered %d", what, a.status)
			}
		}
	}
	if who := login.who(); who != "ada@example.com" {
		t.Errorf("after all of it the portal says %q", who)
	}
}

func TestAttackPO04NobodyGoesInCircles(t *testing.T) {
	t.Parallel()
	f := startFront(t, plan{})
	signedIn := f.traveller()
	signedIn.signsIn("ada@example.com", wikiOrigin+"/")
	// keeps are the cookies at the site, by kind, that survive from one request to the next.
	walk := func(what, from string, keeps ...string) {
		t.Helper()
		b := signedIn.copied()
		b.forgets(appOrigin)
		visits := 0
		for address := from; address != ""; {
			origin, _ := b.split(address)
			a := b.open(address)
			if address = a.location(); strings.HasPrefix(address, "/") {
				address = origin + address
			}
			if strings.HasPrefix(address, loginOrigin) {
				visits++
			}
			for name := range b.at(appOrigin).cookies {
				if !slices.ContainsFunc(keeps, func(kind string) bool { return strings.TrimPrefix(name, "__Host-") == kind }) {
					delete(b.at(appOrigin).cookies, name)
				}
			}
			if visits > 3 {
				t.Fatalf("%s: the browser is sent to the portal a fourth time", what)
			}
			if address != "" {
				continue
			}
			page := a.is(t, http.StatusForbidden)
			if links := page.links(); len(links) == 0 || !strings.EqualFold(links[0], "/_doorpost/sign-in?to=%2Fbooks") {
				t.Errorf("%s: the page leads to %q", what, links)
			}
		}
	}
	walk("a site that keeps no cookie", appOrigin+"/books")
	walk("a site that keeps no session", appOrigin+"/books", "doorpost-hop")
	for _, tried := range []string{"-9", "99999999999999999999", "1e3", " 1", "+1", "2147483648"} {
		walk("tried "+tried, appOrigin+enterPath+"?to=/books&tried="+url.QueryEscape(tried))
	}

	// Without any cookie it is one redirect to the form, and as often as one likes.
	for range 5 {
		b := f.traveller()
		trail, last := b.goes(appOrigin + "/books")
		if last.is(t, http.StatusOK).says(t, "Sign in to app.example.com"); len(trail) != 1 {
			t.Errorf("a browser without cookies was sent to %q", trail)
		}
	}
	// Who keeps cookies again gets in with the button of the page.
	b := signedIn.copied()
	b.forgets(appOrigin)
	b.open(appOrigin+"/books").is(t, http.StatusSeeOther)
	name, hop := b.at(appOrigin).ours("doorpost-hop")
	b.at(appOrigin).cookies[name] = strings.TrimSuffix(hop, ".0") + ".2" // as after two entries
	page := b.open(appOrigin+"/books").is(t, http.StatusForbidden)
	_, last := b.goes(appOrigin + page.links()[0])
	last.echo(t)
}

func TestAttackPO07GarbageIsNoWorkForTheStore(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	f := startFront(t, plan{setup: setup{silent: true, store: patientRedis(server.URL()), global: "secret " + newSecret()}})
	ada := f.traveller()
	ada.signsIn("ada@example.com", appOrigin+"/")
	ada.isIn("ada@example.com", wikiOrigin)
	hopper := ada.copied()
	hopper.forgets(appOrigin)
	good := queryOf(t, hopper.ticket(appOrigin, "/x")).Get("ticket")
	_, cookie := ada.at(appOrigin).sessionCookie()
	garbage := []string{"", "x", cookie, strings.Repeat("A", 6000), "\x00", good + "x", good[:len(good)-1], strings.ToLower(good), "á" + good}
	for _, damage := range damaged(good) {
		garbage = append(garbage, damage)
	}
	written, err := base64.URLEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	garbage = slices.DeleteFunc(garbage, func(ticket string) bool {
		spelt, err := base64.URLEncoding.DecodeString(ticket)
		return err == nil && bytes.Equal(spelt, written) // the same in another spelling, and good once with it
	})
	address := func(ticket string) string { return appOrigin + enterPath + "?to=/x&ticket=" + url.QueryEscape(ticket) }
	before := settledCalls(t, server)
	for _, ticket := range garbage {
		hopper.entersNobody(t, "garbage", address(ticket))
	}
	if calls := storeCalls(t, server) - before; calls != 0 {
		t.Errorf("%d tickets that are none cost Redis %d calls", len(garbage), calls)
	}
	for _, ticket := range garbage { // not counted: a session is looked up again every few seconds
		if a := ada.open(address(ticket)).leadsTo(t, "/x"); len(a.header["Set-Cookie"]) > 0 {
			t.Errorf("garbage changes the cookies of who is in: %q", a.header["Set-Cookie"])
		}
	}
	ada.isIn("ada@example.com", appOrigin)
	hopper.isIn("ada@example.com", appOrigin)
}

package acceptance

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// placesOf starts a gate with two sites that require a passkey, each for its own. The first has
// some options more.
func placesOf(t *testing.T, address, more string) (g *stage, at func(place string) *visitor) {
	t.Helper()
	g = prepare(t, setup{})
	site := func(place string) string { return "http://" + place + ".localhost:" + g.port }
	g.configure(setup{
		global: "admins admin@example.com", address: site("snip"), site: "allow *@example.com\nrequire passkey\ntokens people\n" + more,
		behind: "reverse_proxy " + g.upstream.address + "\n}\n" + site("rec") + " {\ndoorpost {\nallow *@example.com\nrequire passkey\npeople\ntokens people\n}\nreverse_proxy " + g.upstream.address +
			"\n}\nhttp://127.0.0.1:" + g.port + " {\ndoorpost {\nallow *@example.com\n}\nreverse_proxy " + g.upstream.address,
	})
	g.run()
	return g, func(place string) *visitor {
		origin := site(place)
		if place == "" {
			origin = "http://127.0.0.1:" + g.port
		}
		v := newVisitor(t, origin, "127.0.0.1:"+g.port)
		v.ask(address, "/").leadsTo(t, "/_doorpost/check-mail")
		m := g.mail.awaitLink(address)
		v.submit("/_doorpost/link", "token", m.token).is(t, http.StatusSeeOther)
		return v
	}
}

// The first passkey of each place is made by mail, and opens that place. Whoever reads the
// mail has the account with it as little as without.
func TestTheMailIsNoWayRoundByThePasskeyOfAnotherPlace(t *testing.T) {
	t.Parallel()
	const address = "admin@example.com"
	_, at := placesOf(t, address, "people")
	hers, theirs := new(testkit.Authenticator), new(testkit.Authenticator)
	victim := at("snip")
	victim.makesPasskey(hers).is(t, http.StatusOK)
	victim.posts("/_doorpost/passkey?to=/", victim.assertion(hers)).is(t, http.StatusOK)
	thief := at("rec")
	thief.makesPasskey(theirs).is(t, http.StatusOK)
	thief.posts("/_doorpost/passkey?to=/", thief.assertion(theirs)).is(t, http.StatusOK)
	thief.open("/").is(t, http.StatusOK)
	hersID, byMail := victim.passkeyID(), at("")
	changes := map[string][]string{
		"/account/delete": nil, "/account/address": {"email", "new@example.com"}, "/account/recovery": {"email", "new@example.com"},
		"/account/token": {"name", "x", "site", "", "days", "30"}, "/people": {"who", address, "action", "remove", "confirm", "yes"}, "/account/passkey": {"id", hersID, "remove", "yes"},
	}
	for path, fields := range changes {
		if path == "/account/token" {
			fields[3] = thief.origin
		}
		refused := thief.submit("/_doorpost"+path, fields...).is(t, http.StatusForbidden).says(t, "the passkey that you have at snip.localhost").says(t, "Lost the device?")
		back := "/_doorpost/account"
		if path == "/people" {
			back = "/_doorpost/people"
		}
		if there := victim.origin + "/_doorpost/sign-in?again=passkey&to=" + url.QueryEscape(back); !slices.Contains(refused.links(), there) {
			t.Errorf("%s: the page leads to %q, want %q", path, refused.links(), there)
		}
		if path != "/people" && path != "/account/passkey" && path != "/account/token" { // which are not there
			byMail.submit("/_doorpost"+path, fields...).is(t, http.StatusForbidden).says(t, "the passkey that you have at snip.localhost")
		}
	}
	theirsID := thief.passkeyIDs()[1]
	victim.submit("/_doorpost/account/passkey", "id", theirsID, "remove", "yes").leadsTo(t, "/_doorpost/account?changed=passkey_removed")
	again := thief.posts("/_doorpost/passkey", thief.assertion(theirs))
	again.isProblem(t, http.StatusForbidden)
	changes["/account/token"][3] = victim.origin
	for path, fields := range changes {
		if path != "/account/passkey" {
			if a := victim.submit("/_doorpost"+path, fields...); a.status == http.StatusForbidden {
				t.Errorf("%s is refused to the passkey of the place that guards: %s", path, a.body)
			}
		}
	}
}

// Where the passkey that guards the account of an admin is good at a site without the page, nothing
// leads there.
func TestAnAdminIsLedToNoPeoplePageThatIsNotThere(t *testing.T) {
	t.Parallel()
	for more, want := range map[string]string{"": "but this page is not there", "people": "do it there"} {
		_, at := placesOf(t, "admin@example.com", more)
		at("snip").makesPasskey(new(testkit.Authenticator)).is(t, http.StatusOK)
		admin := at("rec")
		for path, says := range map[string]string{"/_doorpost/people": want, "/_doorpost/account/delete": "do it there"} {
			refused := admin.submit(path).is(t, http.StatusForbidden).says(t, says)
			led := slices.ContainsFunc(refused.links(), func(link string) bool { return strings.Contains(link, "snip") })
			if led != (says == "do it there") {
				t.Errorf("with %q %s leads to %q", more, path, refused.links())
			}
			if path == "/_doorpost/people" {
				admin.open(path).is(t, http.StatusForbidden).says(t, says)
			}
		}
	}
}

// Whatever wants a passkey leads to the sign-in that asks for it, and back to a page.
func TestEachFormThatWantsAPasskeyAsksForIt(t *testing.T) {
	t.Parallel()
	const address = "admin@example.com"
	_, at := placesOf(t, address, "people")
	device := new(testkit.Authenticator)
	at("snip").makesPasskey(device).is(t, http.StatusOK)
	byMail := at("snip")
	for path, fields := range map[string][]string{
		"/account/delete": nil, "/account/address": {"email", "new@example.com"}, "/account/recovery": {"email", "new@example.com"},
		"/account/passkey": {"id", byMail.passkeyID(), "remove", "yes"}, "/account/token": {"name", "x", "site", byMail.origin, "days", "30"},
		"/people": {"who", address, "action", "end", "confirm", "yes"},
	} {
		back := "/_doorpost/account"
		if path == "/people" {
			back = "/_doorpost/people"
		}
		byMail.submit("/_doorpost"+path, fields...).leadsTo(t, "/_doorpost/sign-in?again=passkey&to="+url.QueryEscape(back))
		if path != "/people" { // which is not shown without, either
			byMail.open(back).is(t, http.StatusOK)
		}
	}
}

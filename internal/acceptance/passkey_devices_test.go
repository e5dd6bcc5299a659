package acceptance

import (
	"net/http"
	"testing"
)

// awaitCode waits for the next message to an address that has a code; notices come before.
func (s *mailServer) awaitCode(address string) string {
	s.t.Helper()
	for {
		if m := s.await(address); m.code != "" {
			return m.code
		}
	}
}

// With cookie_domain the passkey of one site signs in at another one below the domain.
func TestAPasskeyIsForTheWholeCookieDomain(t *testing.T) {
	t.Parallel()
	const books, tools = "https://books.corp.example", "https://tools.corp.example"
	g := prepare(t, setup{})
	app := serveApp(t, showAsked)
	g.configure(setup{
		global: "session {\ncookie_domain corp.example\n}", address: plainAddress(books, g), origin: books,
		site:   "url " + books + "\nallow *@example.com",
		behind: "reverse_proxy " + app + "\n}\n" + plainAddress(tools, g) + " {\nlog\ndoorpost {\nurl " + tools + "\nallow *@example.com\nrequire passkey\n}\nreverse_proxy " + app,
	})
	g.gate = launch(t, g.home, "run", "--config", g.caddyfile())
	probe := g.behindTLS(books)
	await(t, "the gate to answer", func() bool {
		a, err := probe.try(probe.navigate("/_doorpost/sign-in"))
		return err == nil && a.status == http.StatusOK
	})
	tab := newProfileBehind(t, "http://"+startProxy(t, startTLS(t, "127.0.0.1:"+g.port))).newTab()
	authenticator := tab.authenticator()
	tab.withoutAutofill()
	tab.open(books + "/")
	g.signInByMail(tab, "ada@example.com")
	tab.click(makesPasskey)
	tab.arrives(books+"/", "ada@example.com")
	if made := authenticator.passkeys(); len(made) != 1 || made[0].RpID != "corp.example" {
		t.Fatalf("the browser has %+v", made)
	}
	g.signOut(tab)
	tab.open(tools + "/saw")
	tab.click(usesPasskey)
	tab.arrives(tools+"/saw", "ada@example.com")
	tab.open(books + "/")
	tab.arrives(books+"/", "ada@example.com") // by the same session
}

// Each device has a passkey of its own. One that is removed stays refused, its device
// forgets it, and the other one goes on to sign in.
func TestOfTwoPasskeysOneIsRemoved(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	desk, phone := newProfile(t).newTab(), newProfile(t).newTab()
	kept, lost := desk.authenticator(), phone.authenticator()
	for _, tab := range []*tab{desk, phone} {
		tab.withoutAutofill()
		tab.open(g.origin + "/")
		g.signInByMail(tab, "ada@example.com")
		tab.click(makesPasskey)
		tab.awaitLocation(g.origin + "/")
	}
	desk.open(g.origin + "/_doorpost/passkey?to=/again")
	desk.click(makesPasskey) // which this device has
	desk.awaitLocation(g.origin + "/again")

	g.signOut(desk)
	desk.open(g.origin + "/_doorpost/sign-in?to=/_doorpost/account")
	desk.click(usesPasskey)
	desk.awaitLocation(g.origin + "/_doorpost/account")
	desk.click("[data-if-passkeys] li:nth-of-type(2) > form button")
	desk.awaitText("That passkey does not sign you in any more")

	g.signOut(phone)
	phone.expect("403")
	phone.open(g.origin + "/_doorpost/sign-in?to=/_doorpost/account")
	phone.click(usesPasskey)
	phone.awaitText("That did not work")
	phone.signInByCode(g.mail, "ada@example.com")
	phone.awaitLocation(g.origin + "/_doorpost/account")
	await(t, "the phone to forget its passkey", func() bool { return len(lost.passkeys()) == 0 })

	g.signOut(desk)
	desk.open(g.origin + "/_doorpost/sign-in?to=/")
	desk.click(usesPasskey)
	desk.awaitLocation(g.origin + "/")
	if left := kept.passkeys(); len(left) != 1 {
		t.Errorf("the desk has %d passkeys, want one", len(left))
	}
}

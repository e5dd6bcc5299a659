package acceptance

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
)

// Words of the pages.
const (
	offersPasskey = "Sign in faster next time"
	usesPasskey   = "[data-passkey] button"
	makesPasskey  = "[data-make-passkey] button"
)

// signInByMail signs in at the sign-in page that the tab shows, by the code of a message, and
// is offered a passkey.
func (g *stage) signInByMail(b *tab, address string) {
	b.t.Helper()
	b.signInByCode(g.mail, address)
	b.awaitText(offersPasskey)
}

// signOut signs the browser of a tab out.
func (g *stage) signOut(b *tab) {
	b.t.Helper()
	b.open(g.origin + "/_doorpost/sign-out")
	b.click("form button")
	b.awaitText("signed out")
}

// Whoever signed in by mail once signs in with one touch after that, and is where they
// wanted to be.
func TestAPasskeySignsInWithOneTouch(t *testing.T) {
	t.Parallel()
	w := startFront(t, plan{serve: showAsked})
	deep := w.app + deepPath + deepRoute
	tab := w.tab(w.profile())
	authenticator := tab.authenticator()
	tab.open(deep)
	tab.signInByCode(w.mail, "ada@example.com")
	tab.awaitText(offersPasskey)
	tab.picture("offer")
	tab.click(makesPasskey)
	tab.arrives(deep, "ada@example.com")
	made := authenticator.passkeys()
	if len(made) != 1 || !strings.Contains(w.portal, made[0].RpID) || !made[0].IsResidentCredential {
		t.Fatalf("the browser has %+v", made)
	}
	for _, way := range []string{"in the list of the field", "by the button"} {
		origin := w.app
		if way == "by the button" {
			tab.withoutAutofill()
			origin = w.wiki
		}
		tab.open(w.portal + "/_doorpost/sign-out")
		tab.click("form button")
		tab.awaitText("signed out")
		to := origin + deepPath + deepRoute
		tab.open(to)
		if way == "by the button" {
			tab.click(usesPasskey)
		}
		tab.arrives(to, "ada@example.com")
	}
}

// What an authenticator or a person does wrong signs nobody in, and the page says how to go on.
func TestAPasskeyThatIsNotVerifiedSignsNobodyIn(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	tab := newProfile(t).newTab()
	authenticator := tab.authenticator()
	tab.withoutAutofill()
	tab.open(g.origin + "/")
	g.signInByMail(tab, "ada@example.com")
	tab.click(makesPasskey)
	tab.awaitLocation(g.origin + "/")
	yes := true
	for name, wrong := range map[string]webauthn.SetResponseOverrideBitsParams{
		"no user was verified": {IsBadUV: &yes}, "nobody was there": {IsBadUP: &yes}, "the signature is wrong": {IsBogusSignature: &yes},
	} {
		g.signOut(tab)
		wrong.AuthenticatorID = authenticator.id
		do(tab, webauthn.SetResponseOverrideBits, wrong)
		tab.expect("403")
		tab.open(g.origin + "/_doorpost/sign-in")
		tab.click(usesPasskey)
		tab.awaitText("That did not work")
		if a := tab.location(); a != g.origin+"/_doorpost/sign-in" {
			t.Errorf("%s: the tab is at %s", name, a)
		}
		do(tab, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{AuthenticatorID: authenticator.id})
		tab.click(usesPasskey)
		tab.awaitLocation(g.origin + "/")
	}
}

// Where a passkey is required, mail makes the first one, and only a passkey any further one.
func TestARequiredPasskeyIsMadeOnceByMail(t *testing.T) {
	t.Parallel()
	g := prepare(t, setup{})
	g.configure(setup{behind: "doorpost /safe/* {\nallow *@example.com\nrequire passkey\n}\nrequest_header X-Method {http.auth.user.method}\nreverse_proxy " + g.upstream.address})
	g.run()
	tab := newProfile(t).newTab()
	tab.expect("/favicon.ico")
	authenticator := tab.authenticator()
	tab.withoutAutofill()
	tab.open(g.origin + "/")
	g.signInByMail(tab, "ada@example.com")
	tab.click("a.second") // not now
	tab.awaitText(`"X-Method: mail"`)
	tab.open(g.origin + "/safe/x?y=1#z")
	tab.awaitText("asks for your fingerprint")
	tab.picture("needed-first")
	tab.click("form button")
	tab.awaitText("Add a passkey")
	tab.picture("make")
	tab.click(makesPasskey)
	tab.awaitText("Lost the device?")
	tab.picture("needed")
	tab.click(usesPasskey)
	tab.awaitLocation(g.origin + "/safe/x?y=1#z")
	tab.awaitText(`"X-Method: passkey"`)

	if told := g.mail.await("ada@example.com"); !strings.Contains(told.text, "passkey") {
		t.Errorf("the person is told: %s", told.text)
	}
	mail := g.signedIn("ada@example.com")
	mail.do(mail.script("GET", "/safe/x")).isProblem(t, 401)
	mail.open("/safe/x").leadsTo(t, "/_doorpost/sign-in?again=passkey&to=%2Fsafe%2Fx")
	mail.submit("/_doorpost/account/passkey", "add", "yes").leadsTo(t, "/_doorpost/sign-in?again=passkey&to=%2F_doorpost%2Faccount")
	if page := mail.open("/_doorpost/passkey?to=/"); strings.Contains(page.body, "challenge") {
		t.Errorf("mail alone gets a challenge for a second passkey: %s", page.body)
	}
	// Nor is to leave and come back a way round.
	mail.submit("/_doorpost/account/delete").leadsTo(t, "/_doorpost/sign-in?again=passkey&to=%2F_doorpost%2Faccount")
	if code, output := runToEnd(t, g.home, "passkeys", "reset", "ada@example.com", "--address", g.admin); code != 0 {
		t.Fatalf("the reset ended with %d: %s", code, output)
	}
	if page := mail.open("/_doorpost/passkey?to=/"); !strings.Contains(page.body, "challenge") {
		t.Errorf("after a reset mail does not make the first passkey: %s", page.body)
	}
	tab.open(g.origin + "/") // where the session that the passkey made has ended
	tab.signInByCode(g.mail, "ada@example.com")
	tab.awaitText(`"X-Method: mail"`)
	tab.open(g.origin + "/_doorpost/passkey?to=/")
	await(t, "the browser to forget what the operator removed", func() bool { return len(authenticator.passkeys()) == 0 })
}

// At the account page people see, rename and remove their passkeys; the browser hides one that
// was removed.
func TestPasskeysAreKeptAtTheAccount(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	tab := newProfile(t).newTab()
	tab.expect("/favicon.ico")
	authenticator := tab.authenticator()
	tab.withoutAutofill()
	tab.open(g.origin + "/")
	g.signInByMail(tab, "ada@example.com")
	tab.click(makesPasskey)
	tab.awaitLocation(g.origin + "/")
	tab.open(g.origin + "/_doorpost/account")
	tab.awaitText("Chrome, Linux")
	tab.click("[data-if-passkeys] details summary")
	tab.typeInto("[data-if-passkeys] details input[type=text]", " at home")
	tab.click("[data-if-passkeys] details button")
	tab.awaitText("at home")
	tab.picture("account")
	tab.click("[data-if-passkeys] li > form button")
	tab.awaitText("You are about to change how you sign in")
	tab.picture("code")
	tab.typeInto("#code", g.mail.awaitCode("ada@example.com")+"\r")
	tab.awaitText("That passkey does not sign you in any more")
	await(t, "the browser to forget the passkey", func() bool { return len(authenticator.passkeys()) == 0 })
	if notice := g.mail.await("ada@example.com"); !strings.Contains(notice.text, "passkey") {
		t.Errorf("the person is told: %s", notice.text)
	}
	tab.expect("/_doorpost/session") // while the code is on its way nobody is signed in
	tab.checkConsole()
}

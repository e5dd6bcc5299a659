package acceptance

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const confirmPath = "/_doorpost/account/confirm"

// proposes proposes a change of the account, and opens the page that asks for its
// codes.
func (v *visitor) proposes(what string, fields ...string) answer {
	v.t.Helper()
	v.submit("/_doorpost/account/"+what, fields...).leadsTo(v.t, confirmPath)
	return v.open(confirmPath).is(v.t, http.StatusOK)
}

// awaitCode waits for the next message to somebody, which has to bring a code and
// no link but the one that stops such messages.
func awaitCode(t *testing.T, d doorway, address string) string {
	t.Helper()
	m := d.postbox().await(address)
	m.check(t, address)
	if m.code == "" || m.page != "/stop" {
		t.Fatalf("the message has the code %q and leads to %s: %s", m.code, m.page, m.text)
	}
	return m.code
}

// awaitNotice waits for the next message to somebody, which has to say certain
// words, and to have neither link nor code.
func awaitNotice(t *testing.T, d doorway, address, words string) message {
	t.Helper()
	m := d.postbox().await(address)
	m.check(t, address)
	if m.code != "" || m.link != "" || !strings.Contains(strings.Join(strings.Fields(m.text), " "), words) {
		t.Fatalf("the notice has the code %q and the link %q, and does not say %q: %s", m.code, m.link, words, m.text)
	}
	return m
}

// addsRecovery gives a visitor another recovery address.
func (v *visitor) addsRecovery(t *testing.T, d doorway, address, recovery string) {
	t.Helper()
	page := v.proposes("recovery", "email", recovery)
	code := awaitCode(t, d, address)
	v.press(page, confirmPath, "code", code, "new_code", awaitCode(t, d, recovery)).leadsTo(t, "/_doorpost/account?changed=recovery")
	awaitNotice(t, d, address, "the recovery address "+recovery)
}

func TestSomebodyChangesTheirAddressWithBothCodes(t *testing.T) {
	eachStore(t, setup{global: "group staff ada.new@example.com"}, func(t *testing.T, d doorway) {
		ada, phone := enter(t, d, "ada@example.com"), enter(t, d, "ada@example.com")
		account := ada.open("/_doorpost/account").is(t, http.StatusOK)
		refused := ada.press(account, "/_doorpost/account/address", "email", "no address").is(t, http.StatusUnprocessableEntity).says(t, "An email address has an @ in it")
		if !strings.Contains(refused.body, `value="no address"`) {
			t.Errorf("what was typed is lost: %s", refused.body)
		}
		ada.press(account, "/_doorpost/account/address", "email", "ADA@example.com").is(t, http.StatusUnprocessableEntity).says(t, "You use this address already.")

		page := ada.proposes("address", "email", "Ada.New@example.com").says(t, "Use ada.new@example.com from now on?")
		code, newCode := awaitCode(t, d, "ada@example.com"), awaitCode(t, d, "ada.new@example.com")
		ada.press(page, confirmPath, "code", "nonsense", "new_code", newCode).is(t, http.StatusUnprocessableEntity).says(t, "That cannot be the code.")
		ada.press(page, confirmPath, "code", "AAAA-2222", "new_code", newCode).is(t, http.StatusUnprocessableEntity).says(t, "You have 4 more tries.")
		ada.press(page, confirmPath, "code", newCode, "new_code", code).is(t, http.StatusUnprocessableEntity).says(t, "You have 3 more tries.")
		ada.isIn("ada@example.com")
		ada.open(confirmPath).is(t, http.StatusOK) // loading it again does nothing

		thief := ada.twin() // who has copied the cookie, and loses it with the new id
		_, before := ada.sessionCookie()
		ada.press(page, confirmPath, "code", strings.ToLower(code), "new_code", newCode).leadsTo(t, "/_doorpost/account?changed=address")
		ada.open("/_doorpost/account?changed=address").says(t, "Your address is ada.new@example.com now.")
		if got := ada.isIn("ada.new@example.com").values("Remote-Groups"); len(got) != 1 || got[0] != "staff" {
			t.Errorf("the app is told the groups %q", got)
		}
		if _, after := ada.sessionCookie(); after == "" || after == before {
			t.Errorf("the session cookie is %q, and was %q", after, before)
		}
		phone.isOut()
		thief.isOut()
		notice := awaitNotice(t, d, "ada@example.com", "ada.new@example.com now, and no longer with this address")
		if strings.Contains(notice.text, "ndo") {
			t.Errorf("the notice speaks of undoing: %s", notice.text)
		}
		ada.press(page, confirmPath, "code", code, "new_code", newCode).is(t, http.StatusGone).says(t, "There is nothing to confirm")
		ada.open(confirmPath).is(t, http.StatusGone)
		enter(t, d, "ada@example.com").isIn("ada@example.com") // somebody new
	})
}

// Whatever anybody does in another browser, nothing changes what a browser is.
func TestNothingInAnotherBrowserChangesAnAccount(t *testing.T) {
	eachStore(t, setup{}, func(t *testing.T, d doorway) {
		mallory, ceo := enter(t, d, "mallory@example.com"), d.visitor()
		mallory.proposes("address", "email", "ceo@example.com")
		code, m := awaitCode(t, d, "mallory@example.com"), d.postbox().await("ceo@example.com")
		if m.page != "/stop" || m.code == "" {
			t.Fatalf("the message to the new address leads to %s: %s", m.page, m.text)
		}
		fields := []string{"code", code, "new_code", m.code}
		// The one who reads it presses whatever there is to press, and types the code wherever it goes.
		ceo.submit("/_doorpost/link", "token", m.token).is(t, http.StatusUnprocessableEntity).setsNoSession(t)
		ceo.submit(confirmPath, fields...).is(t, http.StatusUnauthorized)
		ceo.submit("/_doorpost/code", "code", m.code).is(t, http.StatusUnprocessableEntity).setsNoSession(t)
		other := enter(t, d, "bob@example.com")
		other.submit(confirmPath, fields...).is(t, http.StatusGone)
		same := enter(t, d, "mallory@example.com")
		same.submit(confirmPath, fields...).is(t, http.StatusGone)
		other.isIn("bob@example.com")
		mallory.isIn("mallory@example.com")
		same.isIn("mallory@example.com")
		ceo.isOut()
		// The one who did not ask stops it, and nothing else happens.
		ceo.submit("/_doorpost/stop", "token", m.token).is(t, http.StatusOK).setsNoSession(t)
		mallory.isIn("mallory@example.com")
		// The codes of one proposal are worth nothing for another.
		mallory.proposes("address", "email", "cfo@example.com")
		mallory.submit(confirmPath, fields...).is(t, http.StatusUnprocessableEntity)
		mallory.isIn("mallory@example.com")
	})
}

func TestRecoveryAddressSignsInAndTheFirstOneIsTold(t *testing.T) {
	eachStore(t, setup{}, func(t *testing.T, d doorway) {
		ada := enter(t, d, "ada@example.com")
		page := ada.proposes("recovery", "email", "ada@private.example").says(t, "Make ada@private.example your recovery address?")
		code, newCode := awaitCode(t, d, "ada@example.com"), awaitCode(t, d, "ada@private.example")
		d.visitor().ask("ada@private.example", "/") // not proven yet: nobody is let in by it
		ada.press(page, confirmPath, "code", code, "new_code", newCode).leadsTo(t, "/_doorpost/account?changed=recovery")
		ada.open("/_doorpost/account?changed=recovery").says(t, "You can now sign in with ada@private.example too.")
		awaitNotice(t, d, "ada@example.com", "the recovery address ada@private.example")
		ada.isIn("ada@example.com")

		lost := d.visitor()
		lost.ask("ada@private.example", "/books").leadsTo(t, "/_doorpost/check-mail")
		lost.redeem(d.postbox().await("ada@private.example"), "/books")
		lost.isIn("ada@example.com") // as the same person
		awaitNotice(t, d, "ada@example.com", "with its recovery address")

		// The mailbox of the first one may be lost: who came by the other needs no code of it for a while.
		page = lost.proposes("address", "email", "ada.new@example.com")
		if strings.Contains(page.body, `name="code"`) {
			t.Errorf("a code of the lost address is asked for: %s", page.text())
		}
		lost.press(page, confirmPath, "new_code", awaitCode(t, d, "ada.new@example.com")).leadsTo(t, "/_doorpost/account?changed=address")
		lost.isIn("ada.new@example.com")
		ada.isOut()
		awaitNotice(t, d, "ada@example.com", "no longer with this address")
		page = lost.proposes("recovery", "remove", "yes").says(t, "Remove your recovery address?")
		lost.press(page, confirmPath).leadsTo(t, "/_doorpost/account?changed=recovery")
		if said := lost.open("/_doorpost/account?changed=recovery").says(t, "You have no recovery address any more.").text(); strings.Contains(said, "ada@private.example") {
			t.Errorf("the recovery address is still there: %s", said)
		}
		awaitNotice(t, d, "ada.new@example.com", "has no recovery address any more")
		before := len(d.postbox().received("ada@private.example"))
		d.visitor().ask("ada@private.example", "/")
		enter(t, d, "ada.new@example.com") // what comes later shows that nothing came before
		if got := len(d.postbox().received("ada@private.example")); got != before {
			t.Errorf("the address that was removed got %d messages more", got-before)
		}
	})
}

func TestNobodyTakesTheAddressOfAnother(t *testing.T) {
	s := setup{site: "allow ada@example.com bob@example.com carol@example.com lee@example.com"}
	eachStore(t, s, func(t *testing.T, d doorway) {
		bob, ada := enter(t, d, "bob@example.com"), enter(t, d, "ada@example.com")
		// Whether an address is somebody's, is admitted or is written to shows in nothing.
		var pages []string
		for _, who := range []string{"bob@example.com", "eve@example.net", "lee@example.com"} {
			answer := ada.submit("/_doorpost/account/address", "email", who).leadsTo(t, confirmPath)
			awaitCode(t, d, "ada@example.com")
			page := ada.open(confirmPath).is(t, http.StatusOK)
			wrong := ada.submit(confirmPath, "code", "AAAA-2222", "new_code", "AAAA-2222").is(t, http.StatusUnprocessableEntity)
			pages = append(pages, strings.NewReplacer(who, "WHO", strings.Replace(who, "@", "<wbr>@", 1), "WHO").Replace(comparableAnswer(answer)+comparableAnswer(page)+comparableAnswer(wrong)))
		}
		for _, page := range pages[1:] {
			if page != pages[0] {
				t.Errorf("the answers differ: %s\nand %s", page, pages[0])
			}
		}
		if got := len(d.postbox().received("bob@example.com")); got != 1 {
			t.Errorf("whose address was named has got %d messages, want the one to sign in", got)
		}
		// Somebody signs in with the address before the codes are typed.
		awaitCode(t, d, "lee@example.com")
		ada.proposes("address", "email", "lee@example.com")
		code, newCode := awaitCode(t, d, "ada@example.com"), awaitCode(t, d, "lee@example.com")
		late := enter(t, d, "lee@example.com")
		ada.submit(confirmPath, "code", code, "new_code", newCode).is(t, http.StatusConflict).says(t, "lee@example.com belongs to somebody already")
		// An address that the rules do not admit would shut her out.
		ada.proposes("address", "email", "ada@elsewhere.example")
		code, newCode = awaitCode(t, d, "ada@example.com"), awaitCode(t, d, "ada@elsewhere.example")
		ada.submit(confirmPath, "code", code, "new_code", newCode).is(t, http.StatusForbidden).says(t, "ada@elsewhere.example cannot open")
		ada.isIn("ada@example.com")
		bob.isIn("bob@example.com")
		late.isIn("lee@example.com")
		// Nor does anybody without a session propose anything.
		for _, what := range []string{"address", "recovery", "delete", "confirm"} {
			d.visitor().submit("/_doorpost/account/"+what, "email", "eve@example.com").is(t, http.StatusUnauthorized)
		}
	})
}

func TestFiveWrongCodesEndAChange(t *testing.T) {
	eachStore(t, setup{}, func(t *testing.T, d doorway) {
		ada := enter(t, d, "ada@example.com")
		ada.proposes("delete")
		code := awaitCode(t, d, "ada@example.com")
		for range 4 {
			ada.submit(confirmPath, "code", "AAAA-2222").is(t, http.StatusUnprocessableEntity).says(t, "more tr")
		}
		ada.submit(confirmPath, "code", "AAAA-2222").is(t, http.StatusUnprocessableEntity).says(t, "Too many wrong codes")
		ada.submit(confirmPath, "code", code).is(t, http.StatusGone)
		ada.open(confirmPath).is(t, http.StatusGone)
		ada.isIn("ada@example.com")
	})
}

// A thief with a copy of the cookie proposes; whatever ends the session, by whomever,
// ends what it proposed, and nothing brings it back.
func TestWhatEndsSessionsEndsWhatTheyProposed(t *testing.T) {
	eachStore(t, setup{}, func(t *testing.T, d doorway) {
		g := instance(d)
		for name, end := range map[string]func(ada *visitor, who string){
			"signing out everywhere": func(ada *visitor, _ string) { ada.submit("/_doorpost/sign-out", "scope", "all") },
			"signing out elsewhere":  func(ada *visitor, _ string) { ada.submit("/_doorpost/sign-out", "scope", "others") },
			"sessions end":           func(_ *visitor, who string) { g.succeeds("sessions", "end", who) },
			"users disable":          func(_ *visitor, who string) { g.succeeds("users", "disable", who) },
			"users remove":           func(_ *visitor, who string) { g.succeeds("users", "remove", who) },
			"users move":             func(_ *visitor, who string) { g.succeeds("users", "move", who, "moved."+who) },
		} {
			who := strings.ReplaceAll(name, " ", ".") + "@example.com"
			thief, ada := enter(t, d, who), enter(t, d, who)
			thief.proposes("recovery", "email", "thief@evil.example")
			fields := []string{"code", awaitCode(t, d, who), "new_code", awaitCode(t, d, "thief@evil.example")}
			end(ada, who)
			thief.isOut()
			thief.submit(confirmPath, fields...).is(t, http.StatusUnauthorized)
			// The same person, signed in anew, has nothing to confirm.
			if name == "users disable" {
				g.succeeds("users", "enable", who)
			}
			again := enter(t, d, who)
			again.submit(confirmPath, fields...).is(t, http.StatusGone)
			if said := again.open("/_doorpost/account").text(); strings.Contains(said, "thief@evil.example") {
				t.Errorf("after %s the thief's address is there: %s", name, said)
			}
		}
	})
}

func TestSomebodyDeletesThemselvesInABrowser(t *testing.T) {
	eachStore(t, setup{}, func(t *testing.T, d doorway) {
		elsewhere := enter(t, d, "ada@example.com")
		tab := newProfile(t).newTab()
		tab.signInAs(d, "ada@example.com")
		tab.open(elsewhere.origin + "/_doorpost/account")
		tab.awaitText("ada@example.com")
		tab.picture("account")
		tab.click("a[href='/_doorpost/account/delete']")
		tab.awaitText("We delete ada@example.com")
		tab.picture("delete-me")
		tab.click("form[action='/_doorpost/account/delete'] button")
		tab.awaitText("Code from the message to ada@example.com")
		tab.picture("confirm-change")
		tab.typeInto("#code", awaitCode(t, d, "ada@example.com"))
		began := time.Now()
		tab.click("form[action='" + confirmPath + "'] button")
		tab.awaitText("is deleted")
		elsewhere.endsSoon(began, revocationTime+time.Second)
		awaitNotice(t, d, "ada@example.com", "is deleted")
		tab.open(elsewhere.origin + "/_doorpost/account")
		tab.awaitText("Type your email address")
		// Whom the rules admit may come anew, as somebody new.
		tab.typeInto("#email", "ada@example.com")
		tab.click("form button")
		tab.awaitText("Check your mail")
		if m := d.postbox().await("ada@example.com"); !strings.Contains(m.header.Get("Subject"), "Welcome") {
			t.Errorf("the first message to somebody new has the subject %q", m.header.Get("Subject"))
		}
	})
}

// With and without scripts; with them, loading the page with a wrong code again does
// not send it again.
func TestSomebodyChangesTheirAddressInABrowser(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	for _, scripts := range []bool{true, false} {
		from, to := "ada@example.com", "ada.new@example.com"
		if !scripts {
			from, to = to, from
		}
		tab := newProfile(t).newTab()
		tab.signInAs(g, from)
		if !scripts {
			tab.withoutScript()
		}
		tab.expect("422")
		tab.open(g.origin + "/_doorpost/account")
		tab.click("details:has(#new-address) summary")
		if scripts {
			tab.typeInto("#new-address", "ada@nowhere\r")
			tab.awaitText("The part after the @ is not complete.")
			if typed, err := evaluate[string](tab, `(() => { const f = document.querySelector("#new-address"), typed = f.value; f.value = ""; return typed; })()`); err != nil || typed != "ada@nowhere" {
				t.Errorf("what was typed is %q by now (%v)", typed, err)
			}
		}
		tab.typeInto("#new-address", to+"\r")
		tab.awaitText("Use " + to + " from now on?")
		code, newCode := awaitCode(t, g, from), awaitCode(t, g, to)
		if scripts {
			tab.typeInto("#code", code)
			tab.typeInto("#new_code", "AAAA-2222\r")
			tab.awaitText("You have 4 more tries.")
			tab.awaitScript()
			tab.run(chromedp.Reload())
			tab.awaitGone("more tries") // sent again, it would have cost one more
		}
		tab.typeInto("#code", code)
		tab.typeInto("#new_code", newCode+"\r")
		tab.awaitText("Your address is " + to + " now.")
		awaitNotice(t, g, from, "no longer with this address")
		tab.open(g.origin + "/")
		tab.awaitText(to)
	}
}

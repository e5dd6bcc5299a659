package acceptance

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

func TestSomebodyChangesTheirAddressAndTheFormerOneUndoesIt(t *testing.T) {
	eachStore(t, setup{global: "group staff ada@example.com"}, func(t *testing.T, d doorway) {
		ada, phone := enter(t, d, "ada@example.com"), enter(t, d, "ada@example.com")
		page := ada.open("/_doorpost/account").is(t, http.StatusOK)
		ada.press(page, "/_doorpost/account/address", "email", "no address").is(t, http.StatusUnprocessableEntity)
		ada.press(page, "/_doorpost/account/address", "email", "ada.new@example.com").is(t, http.StatusOK).says(t, "ada.new@example.com")
		proof := d.postbox().await("ada.new@example.com")
		proof.check(t, "ada.new@example.com")
		if proof.page != "/account/prove" || proof.code != "" {
			t.Fatalf("the proof leads to %s", proof.page)
		}
		ada.isIn("ada@example.com") // nothing has changed yet
		ada.submit("/_doorpost/link", "token", proof.token).is(t, http.StatusUnprocessableEntity).setsNoSession(t)
		confirm := phone.submit("/_doorpost/account/prove", "token", proof.token).is(t, http.StatusOK).says(t, "ada.new@example.com").says(t, "ada@example.com")
		ada.isIn("ada@example.com") // nor by looking
		phone.press(confirm, "/_doorpost/account/prove").is(t, http.StatusOK)
		for _, v := range []*visitor{ada, phone} { // whose sessions go on
			if !testkit.HoldsWithin(revocationTime, func() bool { return v.who() == "ada.new@example.com" }) {
				t.Fatalf("a session is that of %q a second after the change", v.who())
			}
		}
		ada.submit("/_doorpost/account/prove", "token", proof.token, "confirm", "yes").is(t, http.StatusUnprocessableEntity) // used

		// The former address does not sign in as that person any more, and undoes it.
		note := d.postbox().await("ada@example.com")
		note.check(t, "ada@example.com")
		if note.page != "/account/prove" {
			t.Fatalf("the note leads to %s: %s", note.page, note.text)
		}
		undo := d.visitor().submit("/_doorpost/account/prove", "token", note.token).is(t, http.StatusOK).says(t, "ada@example.com")
		d.visitor().press(undo, "/_doorpost/account/prove").is(t, http.StatusOK)
		ada.isOut() // it may have been a thief's doing
		phone.isOut()
		enter(t, d, "ada@example.com").isIn("ada@example.com")
	})
}

func TestRecoveryAddressSignsInAndReplacesALostOne(t *testing.T) {
	eachStore(t, setup{}, func(t *testing.T, d doorway) {
		ada := enter(t, d, "ada@example.com")
		page := ada.open("/_doorpost/account")
		ada.press(page, "/_doorpost/account/recovery", "email", "ada@private.example").is(t, http.StatusOK)
		proof := d.postbox().await("ada@private.example")
		stranger := d.visitor()
		stranger.ask("ada@private.example", "/") // not proven yet: nobody is let in by it
		confirm := ada.submit("/_doorpost/account/prove", "token", proof.token).is(t, http.StatusOK)
		ada.press(confirm, "/_doorpost/account/prove").is(t, http.StatusOK)
		ada.open("/_doorpost/account").says(t, "ada@private.example")
		note := d.postbox().await("ada@example.com") // she is told, and could undo it
		note.check(t, "ada@example.com")
		d.visitor().submit("/_doorpost/account/prove", "token", note.token).is(t, http.StatusOK).says(t, "Undo the change")

		lost := d.visitor()
		lost.ask("ada@private.example", "/books").leadsTo(t, "/_doorpost/check-mail")
		m := d.postbox().await("ada@private.example")
		lost.redeem(m, "/books")
		lost.isIn("ada@example.com") // as the same person
		page = lost.open("/_doorpost/account")
		lost.press(page, "/_doorpost/account/address", "email", "ada.new@example.com").is(t, http.StatusOK)
		confirm = lost.submit("/_doorpost/account/prove", "token", d.postbox().await("ada.new@example.com").token)
		lost.press(confirm, "/_doorpost/account/prove").is(t, http.StatusOK)
		if note := d.postbox().await("ada@example.com"); note.page != "/account/prove" {
			t.Errorf("the first address is told %s", note.text)
		}
		if !testkit.HoldsWithin(revocationTime, func() bool { return lost.who() == "ada.new@example.com" }) {
			t.Errorf("the session is that of %q", lost.who())
		}
		lost.submit("/_doorpost/account/recovery", "remove", "yes").is(t, http.StatusOK)
		if strings.Contains(lost.open("/_doorpost/account").text(), "ada@private.example") {
			t.Error("the recovery address is still there")
		}
		lost.isIn("ada.new@example.com")
	})
}

func TestARecoveryAddressThatSomebodyElseAddedIsUndone(t *testing.T) {
	eachStore(t, setup{}, func(t *testing.T, d doorway) {
		ada := enter(t, d, "ada@example.com")
		thief := ada.twin()
		thief.submit("/_doorpost/account/recovery", "email", "thief@evil.example").is(t, http.StatusOK)
		thief.submit("/_doorpost/account/prove", "token", d.postbox().await("thief@evil.example").token, "confirm", "yes").is(t, http.StatusOK)
		back := d.visitor()
		back.ask("thief@evil.example", "/")
		back.redeem(d.postbox().await("thief@evil.example"), "/")
		back.isIn("ada@example.com")
		note := d.postbox().await("ada@example.com")
		d.visitor().submit("/_doorpost/account/prove", "token", note.token, "confirm", "yes").is(t, http.StatusOK)
		back.isOut()
		thief.isOut()
		back.ask("thief@evil.example", "/")
		in := enter(t, d, "ada@example.com") // what comes later shows that nothing came before
		in.isIn("ada@example.com")
		if got := len(d.postbox().received("thief@evil.example")); got != 2 {
			t.Errorf("the address that was undone got %d messages, want 2", got)
		}
	})
}

func TestNobodyTakesTheAddressOfAnother(t *testing.T) {
	eachStore(t, setup{}, func(t *testing.T, d doorway) {
		bob, ada := enter(t, d, "bob@example.com"), enter(t, d, "ada@example.com")
		page := ada.open("/_doorpost/account")
		for _, where := range []string{"address", "recovery"} {
			ada.press(page, "/_doorpost/account/"+where, "email", "bob@example.com").is(t, http.StatusOK)
			proof := d.postbox().await("bob@example.com") // Bob would have to agree, and even then
			bob.submit("/_doorpost/account/prove", "token", proof.token, "confirm", "yes").is(t, http.StatusUnprocessableEntity)
		}
		ada.isIn("ada@example.com")
		bob.isIn("bob@example.com")
		// An address that the rules do not admit would shut her out.
		ada.press(page, "/_doorpost/account/address", "email", "ada@elsewhere.example").is(t, http.StatusOK)
		proof := d.postbox().await("ada@elsewhere.example")
		ada.submit("/_doorpost/account/prove", "token", proof.token, "confirm", "yes").is(t, http.StatusForbidden)
		ada.isIn("ada@example.com")
		// Nor does anybody without a session propose anything.
		d.visitor().submit("/_doorpost/account/address", "email", "eve@example.com").is(t, http.StatusUnauthorized)
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
		tab.awaitText("ada@example.com")
		tab.picture("delete-me")
		began := time.Now()
		tab.click("form[action='/_doorpost/account/delete'] button")
		elsewhere.endsSoon(began, revocationTime+time.Second)
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

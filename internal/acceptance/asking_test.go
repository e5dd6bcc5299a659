package acceptance

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

const askingSite = "allow *@example.com\ndeny mallory@elsewhere.example\nask owner@example.com second@example.com"

func TestSomebodyAsksAndTheFirstDecisionOfAnOwnerCounts(t *testing.T) {
	eachStore(t, setup{site: askingSite}, func(t *testing.T, d doorway) {
		eve, ada := d.visitor(), d.visitor()
		eveAsked, adaAsked := eve.ask("eve@elsewhere.example", "/books"), ada.ask("ada@example.com", "/books")
		if a, b := comparableAnswer(eveAsked), comparableAnswer(adaAsked); a != b {
			t.Errorf("who is not admitted is answered otherwise:\n%s\n%s", a, b)
		}
		offer := d.postbox().await("eve@elsewhere.example")
		offer.check(t, "eve@elsewhere.example")
		if offer.page != "/ask" || offer.code != "" {
			t.Fatalf("the message leads to %s, with the code %q", offer.page, offer.code)
		}
		// It is good for nothing else, and looking does not use it up.
		eve.submit("/_doorpost/link", "token", offer.token).is(t, http.StatusUnprocessableEntity).setsNoSession(t)
		page := eve.open("/_doorpost/ask").is(t, http.StatusOK)
		eve.press(page, "/_doorpost/ask", "token", "nonsense", "words", "hello").is(t, http.StatusUnprocessableEntity)
		eve.press(page, "/_doorpost/ask", "token", offer.token, "words", strings.Repeat("x", 501)).is(t, http.StatusUnprocessableEntity)
		words := "I am <b>Eve</b>, https://evil.example/?a=1 & new here"
		eve.press(page, "/_doorpost/ask", "token", offer.token, "words", words).is(t, http.StatusOK).says(t, "You will get a message")
		eve.press(page, "/_doorpost/ask", "token", offer.token).is(t, http.StatusUnprocessableEntity) // used

		toFirst, toSecond := d.postbox().await("owner@example.com"), d.postbox().await("second@example.com")
		toFirst.check(t, "owner@example.com")
		if toFirst.page != "/decide" || toFirst.token == toSecond.token || !strings.Contains(toFirst.header.Get("Subject"), "eve@elsewhere.example") {
			t.Errorf("the owners got links to %s, with one token: %v; subject %q", toFirst.page, toFirst.token == toSecond.token, toFirst.header.Get("Subject"))
		}
		if strings.Contains(toFirst.html, "<b>Eve") || strings.Contains(toFirst.html, `href="https://evil`) {
			t.Errorf("the words of whoever asks are markup: %s", toFirst.html)
		}

		// An owner needs no session: the mailbox is the proof. Looking decides nothing.
		owner, second := d.visitor(), d.visitor()
		owner.open("/_doorpost/decide").is(t, http.StatusOK)
		decision := owner.submit("/_doorpost/decide", "token", toFirst.token).is(t, http.StatusOK).says(t, "eve@elsewhere.example").says(t, "<b>Eve</b>").setsNoSession(t)
		second.submit("/_doorpost/decide", "token", toSecond.token).is(t, http.StatusOK).says(t, "eve@elsewhere.example")
		eve.submit("/_doorpost/decide", "token", offer.token, "decision", "always").is(t, http.StatusUnprocessableEntity)
		owner.press(decision, "/_doorpost/decide", "decision", "day").is(t, http.StatusOK).says(t, "eve@elsewhere.example")
		second.submit("/_doorpost/decide", "token", toSecond.token, "decision", "refuse").is(t, http.StatusOK).says(t, "owner@example.com")

		approved := d.postbox().await("eve@elsewhere.example")
		approved.check(t, "eve@elsewhere.example")
		eve.redeem(approved, "/")
		eve.isIn("eve@elsewhere.example")
		// From now on she signs in like everybody, as long as the grant lasts.
		again := d.visitor()
		again.ask("eve@elsewhere.example", "/books").leadsTo(t, "/_doorpost/check-mail")
		again.redeem(d.postbox().await("eve@elsewhere.example"), "/books")
		// Where nobody can be asked any more, what was granted counts no more.
		d.reload("allow *@example.com")
		eve.open("/").is(t, http.StatusForbidden)
		ada.redeem(d.postbox().await("ada@example.com"), "/books")
	})
}

func TestWhoIsDeniedOrWasRefusedCannotAsk(t *testing.T) {
	eachStore(t, setup{site: askingSite}, func(t *testing.T, d doorway) {
		mallory, eve := d.visitor(), d.visitor()
		mallory.ask("mallory@elsewhere.example", "/")
		eve.ask("eve@elsewhere.example", "/")
		offer := d.postbox().await("eve@elsewhere.example")
		eve.submit("/_doorpost/ask", "token", offer.token).is(t, http.StatusOK)
		d.visitor().submit("/_doorpost/decide", "token", d.postbox().await("owner@example.com").token, "decision", "refuse").is(t, http.StatusOK)
		d.postbox().await("second@example.com")
		eve.ask("eve@elsewhere.example", "/")
		offer = d.postbox().await("eve@elsewhere.example")
		eve.submit("/_doorpost/ask", "token", offer.token).is(t, http.StatusOK) // it says nothing of that
		// What comes later shows that nothing came before.
		carl := d.visitor()
		carl.ask("carl@elsewhere.example", "/")
		carl.submit("/_doorpost/ask", "token", d.postbox().await("carl@elsewhere.example").token).is(t, http.StatusOK)
		if m := d.postbox().await("owner@example.com"); !strings.Contains(m.header.Get("Subject"), "carl@elsewhere.example") {
			t.Errorf("the owner is asked again: %s", m.header.Get("Subject"))
		}
		if got := d.postbox().received("mallory@elsewhere.example"); len(got) > 0 {
			t.Errorf("somebody who is denied got %d messages: %s", len(got), got[0].text)
		}
	})
}

func TestOwnersAreNotFlooded(t *testing.T) {
	t.Parallel()
	const askers, told = 25, 20
	g := start(t, setup{site: "allow *@example.com\nask owner@example.com"})
	for i := range askers {
		who := fmt.Sprintf("asker%d@elsewhere.example", i)
		v := g.visitor()
		v.ask(who, "/")
		v.submit("/_doorpost/ask", "token", g.mail.await(who).token, "words", "please").is(t, http.StatusOK).says(t, "You will get a message")
	}
	await(t, "the messages to the owner", func() bool { return len(g.mail.received("owner@example.com")) >= told })
	last := g.visitor()
	last.ask("last@example.com", "/")
	g.mail.await("last@example.com")
	if got := len(g.mail.received("owner@example.com")); got != told {
		t.Errorf("%d people asked and the owner got %d messages, want %d", askers, got, told)
	}
}

func TestSomebodySignedInWhomTheRulesExcludeAsksOnThePageThatSaysSo(t *testing.T) {
	eachStore(t, setup{site: "allow *"}, func(t *testing.T, d doorway) {
		eve := enter(t, d, "eve@elsewhere.example")
		d.reload(askingSite)
		page := eve.open("/books").is(t, http.StatusForbidden).says(t, "eve@elsewhere.example")
		eve.press(page, "/_doorpost/ask", "words", "It was me yesterday").is(t, http.StatusOK).says(t, "You will get a message")
		m := d.postbox().await("owner@example.com")
		d.visitor().submit("/_doorpost/decide", "token", m.token, "decision", "always").is(t, http.StatusOK)
		if !testkit.HoldsWithin(revocationTime, func() bool { return eve.open("/books").isUpstream() }) {
			t.Error("the session that asked is not let in within a second")
		}
		d.postbox().await("eve@elsewhere.example") // and a message says so
	})
}

func TestAskingAndDecidingInABrowser(t *testing.T) {
	eachStore(t, setup{site: askingSite}, func(t *testing.T, d doorway) {
		origin := d.visitor().origin
		eve := newProfile(t).newTab()
		eve.expect(waitingNoise)
		eve.expect("/favicon.ico")
		eve.open(origin + "/books?page=2")
		eve.awaitText("Type your email address")
		eve.typeInto("#email", "eve@elsewhere.example")
		eve.click("form button")
		eve.awaitText("Check your mail")
		eve.open(d.postbox().await("eve@elsewhere.example").link)
		eve.typeInto("[name=words]", "I forgot my key")
		eve.picture("ask")
		eve.click("form[action='/_doorpost/ask'] button")
		eve.awaitText("You will get a message")
		eve.picture("asked")

		owner := newProfile(t).newTab()
		owner.expect("/favicon.ico")
		owner.open(d.postbox().await("owner@example.com").link)
		owner.click("form[action='/_doorpost/decide'] button")
		owner.awaitText("I forgot my key")
		if at := owner.location(); strings.Contains(at, "#") {
			t.Errorf("what the link carries is still in the address bar: %s", at)
		}
		owner.picture("decide")
		owner.click("button[name=decision][value=hour]")
		owner.awaitText("eve@elsewhere.example")
		owner.picture("decided")

		eve.open(d.postbox().await("eve@elsewhere.example").link)
		eve.awaitText("Sign in here")
		eve.picture("approved")
		eve.click("form[action='/_doorpost/link'] button")
		eve.awaitText("eve@elsewhere.example")
		eve.awaitLocation(origin + "/")
	})
}

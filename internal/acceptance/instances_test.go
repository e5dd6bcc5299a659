package acceptance

import (
	"net/http"
	"sync"
	"testing"
	"time"
)

func TestTwoInstancesServeOneSignInByLink(t *testing.T) {
	t.Parallel()
	p := startPair(t, setup{})
	v := p.visitor()
	onA, onB := v.at(p.a), v.at(p.b)
	onA.ask("ada@example.com", "/books").leadsTo(t, "/_doorpost/check-mail")
	onB.open("/_doorpost/check-mail").is(t, http.StatusOK).says(t, "ada@example.com")
	m := p.mail.await("ada@example.com")
	onB.submit("/_doorpost/link", "token", m.token).leadsTo(t, "/books")
	onA.submit("/_doorpost/link", "token", m.token).is(t, http.StatusGone).setsNoSession(t)
	p.isKnown(v, "ada@example.com")

	thief := v.twin()
	p.isKnown(thief, "ada@example.com")
	ended := time.Now()
	onA.submit("/_doorpost/sign-out").leadsTo(t, "/_doorpost/sign-out")
	if who := thief.at(p.a).who(); who != "" {
		t.Errorf("where %s signed out, a copied cookie still works", who)
	}
	t.Logf("at the other instance the session ended after %v", thief.at(p.b).endsSoon(ended, revocationTime))
	p.checkErrors()
}

func TestTwoInstancesServeOneSignInByCode(t *testing.T) {
	t.Parallel()
	p := startPair(t, setup{})
	v := p.visitor()
	onA, onB := v.at(p.a), v.at(p.b)
	onA.ask("ada@example.com", "/books").leadsTo(t, "/_doorpost/check-mail")
	m := p.mail.await("ada@example.com")
	// Wrong tries at one instance count at the other.
	onA.submit("/_doorpost/code", "code", "AAAA-AAAA").says(t, "You have 4 more tries.")
	onB.submit("/_doorpost/code", "code", "AAAA-AAAA").says(t, "You have 3 more tries.")
	onB.submit("/_doorpost/code", "code", m.code).leadsTo(t, "/books")
	onA.submit("/_doorpost/link", "token", m.token).is(t, http.StatusGone).setsNoSession(t)
	p.isKnown(v, "ada@example.com")
	p.checkErrors()
}

func TestSignOutEverywhereReachesTheOtherInstance(t *testing.T) {
	t.Parallel()
	p := startPair(t, setup{})
	first, second, other := p.visitor(), p.visitor(), p.visitor()
	p.a.signIn(first.at(p.a), "ada@example.com", "/")
	p.b.signIn(second.at(p.b), "ada@example.com", "/")
	p.b.signIn(other.at(p.b), "bob@example.com", "/")
	p.isKnown(first, "ada@example.com")
	p.isKnown(second, "ada@example.com")
	copied := first.twin()
	ended := time.Now()
	first.at(p.a).submit("/_doorpost/sign-out", "scope", "all")
	for _, v := range []*visitor{copied, second} {
		if who := v.at(p.a).who(); who != "" {
			t.Errorf("where %s signed out everywhere, a session still works", who)
		}
		t.Logf("at the other instance a session ended within %v", v.at(p.b).endsSoon(ended, revocationTime))
	}
	p.isKnown(other, "bob@example.com")
	p.checkErrors()
}

func TestAccountPageListsAndEndsSessionsOfTheOtherInstance(t *testing.T) {
	t.Parallel()
	p := startPair(t, setup{})
	phone, here := p.visitor(), p.visitor()
	phone.agent = "Mozilla/5.0 (Android 14; Mobile; rv:130.0) Gecko/130.0 Firefox/130.0"
	p.a.signIn(phone.at(p.a), "ada@example.com", "/")
	p.b.signIn(here.at(p.b), "ada@example.com", "/")
	p.isKnown(phone, "ada@example.com")
	page := here.at(p.b).open("/_doorpost/account").is(t, http.StatusOK)
	page.says(t, "Chrome on Linux This one").says(t, "Firefox on Android")
	for _, form := range page.forms(t) {
		if len(form.fields) == 2 && form.fields[0] == "session" {
			ended := time.Now()
			here.at(p.b).submit(form.action, form.fields...).leadsTo(t, "/_doorpost/account")
			t.Logf("at the other instance the session ended after %v", phone.at(p.a).endsSoon(ended, revocationTime))
			p.isKnown(here, "ada@example.com")
			p.checkErrors()
			return
		}
	}
	t.Fatal("the page has no form that ends the other session")
}

func TestHundredRedemptionsOfOneLinkAtTwoInstancesMakeOneSession(t *testing.T) {
	t.Parallel()
	const rounds, visitors = 3, 100
	p := startPair(t, setup{silent: true})
	for range rounds {
		v := p.visitor()
		v.ask("ada@example.com", "/")
		m := p.mail.await("ada@example.com")
		var browsers []*visitor
		for i := range visitors {
			browser := v.twin().at(p.instances()[i%2])
			browser.open("/_doorpost/link").is(t, http.StatusOK) // so that all are connected
			browsers = append(browsers, browser)
		}
		answers, failures := make([]answer, visitors), make([]error, visitors)
		var redeeming sync.WaitGroup
		begin := make(chan struct{})
		for i, browser := range browsers {
			redeeming.Go(func() {
				<-begin
				answers[i], failures[i] = browser.try(browser.form("/_doorpost/link", "token", m.token))
			})
		}
		close(begin)
		redeeming.Wait()
		var winners []*visitor
		for i, a := range answers {
			_, value := browsers[i].sessionCookie()
			switch {
			case failures[i] != nil:
				t.Error(failures[i])
			case a.status == http.StatusSeeOther && value != "":
				winners = append(winners, browsers[i])
			case a.status != http.StatusGone || value != "":
				t.Errorf("a redemption was answered %d, with the session cookie %q: %s", a.status, value, a.text())
			}
		}
		if len(winners) != 1 {
			t.Fatalf("one link made %d sessions", len(winners))
		}
		p.isKnown(winners[0], "ada@example.com")
		page := winners[0].open("/_doorpost/account").is(t, http.StatusOK)
		for _, form := range page.forms(t) {
			if len(form.fields) == 2 && form.fields[0] == "session" {
				t.Error("there is another session than that of the winner")
			}
		}
		winners[0].submit("/_doorpost/sign-out", "scope", "all")
	}
	p.checkErrors()
}

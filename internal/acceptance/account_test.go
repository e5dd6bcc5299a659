package acceptance

import (
	"strings"
	"testing"
	"time"
)

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

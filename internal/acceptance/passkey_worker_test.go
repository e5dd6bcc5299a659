package acceptance

import "testing"

// Where the pages come through a service worker of the app there are no options to make a
// passkey with. So none is offered, and who asks for one is told instead of failing.
func TestNoPasskeyIsOfferedWhereNoneCanBeMade(t *testing.T) {
	t.Parallel()
	s := withWorker(workers["passed on"])
	s.silent = false
	g := start(t, s)
	tab := newProfile(t).newTab()
	tab.authenticator()
	tab.withoutAutofill()
	tab.expect("401")
	tab.expect("/favicon.ico")
	tab.open(g.origin + "/start")
	tab.awaitText("controlled")
	tab.open(g.origin + "/_doorpost/sign-in?to=/reports")
	tab.signInByCode(g.mail, "ada@example.com")
	tab.awaitLocation(g.origin + "/reports")
	tab.awaitText("the app")
	tab.open(g.origin + "/_doorpost/passkey?to=/reports")
	tab.awaitText("This browser cannot do that")
	if there, err := evaluate[bool](tab, "!!document.querySelector('main button')"); err != nil || there {
		t.Errorf("there is a button that makes a passkey (%v)", err)
	}
	tab.click("a.second")
	tab.awaitText("Where you are signed in")
}

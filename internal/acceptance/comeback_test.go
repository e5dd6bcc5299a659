package acceptance

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// Reload and Back meet pages, not forms that the browser would send again.
func TestReloadAndBackSendNoFormAgain(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	tab := newProfile(t).newTab()
	tab.expect("422")
	tab.expect(waitingNoise)
	tab.expect("/favicon.ico")
	tab.open(g.origin + "/" + deepRoute)
	tab.typeInto("#email", "ada@example\r")
	tab.awaitText("The part after the @ is not complete.")
	tab.awaitScript()
	tab.run(chromedp.Reload())
	tab.awaitGone("is not complete")
	tab.typeInto("#email", "Ada <ada@example.com>,\r")
	tab.awaitText("Check your mail")
	m := g.mail.await("ada@example.com")
	for range 2 {
		tab.typeInto("#code", "AAAA-2222\r")
		tab.awaitText("That is not the code.")
		tab.awaitScript()
		tab.run(chromedp.Reload())
		tab.awaitGone("That is not the code.")
	}
	tab.typeInto("#code", "BBBB-3333\r")
	tab.awaitText("You have 2 more tries.")
	tab.awaitScript()
	tab.typeInto("#code", "Code: "+m.code+"\r")
	tab.awaitLocation(g.origin + "/" + deepRoute)
	tab.run(chromedp.NavigateBack()) // to the page that waits, which goes on
	tab.awaitLocation(g.origin + "/" + deepRoute)
}

func TestATabThatWaitsGoesOnToWhereThePersonWantedToBe(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	person := newProfile(t)
	waiting, other := person.newTab(), person.newTab()
	for _, tab := range []*tab{waiting, other} {
		tab.expect(waitingNoise)
		tab.expect("/favicon.ico")
	}
	waiting.open(g.origin + "/app?id=7" + deepRoute)
	waiting.typeInto("#email", "ada@example.com\r")
	waiting.awaitText("Check your mail")
	other.open(g.mail.await("ada@example.com").link)
	other.awaitLocation(g.origin + "/app?id=7" + deepRoute)
	waiting.awaitLocation(g.origin + "/app?id=7" + deepRoute)
}

func TestAFormIsSentOnceHoweverOftenItsButtonIsPressed(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	tab := newProfile(t).newTab()
	tab.expect("/favicon.ico")
	tab.open(g.origin + "/")
	tab.awaitScript()
	sent, err := evaluate[int](tab, `(() => {
		let sent = 0;
		addEventListener('submit', (event) => { if (!event.defaultPrevented) sent++; event.preventDefault(); });
		document.querySelector('#email').value = 'ada@example.com';
		for (let i = 0; i < 3; i++) document.querySelector('form button').click();
		return document.querySelector('form[aria-busy=true]') ? sent : -1;
	})()`)
	if err != nil || sent != 1 {
		t.Errorf("three clicks send the form %d times, %v", sent, err)
	}
}

func TestSigningOutSaysThatItIsDone(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	tab := newProfile(t).newTab()
	tab.signInAs(g, "ada@example.com")
	tab.open(g.origin + "/_doorpost/sign-out")
	tab.click("form button")
	tab.awaitText("You are signed out")
}

package storetest

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var askPromises = []promise{
	{"ALinkThatIsMadeIsAlive", func(f *fixture) {
		a := f.asked(f.person("a"), newBrowser())
		f.wantLink(a, f.now, alive)
	}},
	{"ThreeLinksOfAnAddressAreAliveAtMost", threeLinksAlive},
	{"AFourthLinkIsMadeOnceTheFirstThreeAreOver", func(f *fixture) {
		who := f.person("a")
		for range signin.MaxLiveLinks {
			f.asked(who, newBrowser())
		}
		f.wantSilent(f.ask(f.askingAt(f.now.Add(linkLife-time.Millisecond), who, newBrowser())), signin.SilentThreeAlive)
		f.wantSent(f.ask(f.askingAt(f.now.Add(linkLife), who, newBrowser())))
	}},
	{"AFourthLinkIsMadeOnceOneWasRedeemed", func(f *fixture) {
		who := f.person("a")
		first := f.asked(who, newBrowser())
		f.asked(who, newBrowser())
		f.asked(who, newBrowser())
		f.wantOutcome(f.redeemLink(f.redemption(first)), signin.SignedIn)
		f.wantSent(f.ask(f.asking(who, newBrowser())))
	}},
	{"WhoIsNotAdmittedGetsNoLinkButIsRecorded", func(f *fixture) {
		a := f.asking(f.person("stranger"), newBrowser())
		a.Admission = people.Admission{}
		f.wantSilent(f.ask(a), signin.SilentNotAllowed)
		f.wantLink(a, f.now, signin.TooOld)
		f.wantRequest(a, f.now)
		f.wantOutcome(f.redeemCode(f.redemption(a)), signin.WrongCode)
	}},
	{"AMessageIsAWelcomeUntilTheAddressWasProven", func(f *fixture) {
		who := f.person("a")
		for range 2 {
			f.wantWelcome(f.asked(who, newBrowser()), true)
		}
		f.signIn(who)
		f.wantWelcome(f.asked(who, newBrowser()), false)
		f.wantWelcome(f.asked(f.person("b"), newBrowser()), true)
	}},
	{"ARequestComesBackAsItWasAsked", func(f *fixture) {
		a := f.asked(f.person("a"), newBrowser())
		f.wantRequest(a, f.now)
		b := f.asking(f.person("b"), newBrowser())
		b.Request.Device, b.Request.To = session.Device{}, ""
		f.ask(b)
		f.wantRequest(b, f.now)
		f.wantRequest(a, f.now)
	}},
	{"ARequestIsRememberedForAWhileAfterItsEnd", func(f *fixture) {
		a := f.asked(f.person("a"), newBrowser())
		end := a.Request.Expires.Add(signin.Remembered)
		f.wantRequest(a, end.Add(-time.Millisecond))
		f.wantNoRequest(a.Browser, end)
	}},
	{"ABrowserThatNeverAskedHasNoRequest", func(f *fixture) {
		f.asked(f.person("a"), newBrowser())
		f.wantNoRequest(newBrowser(), f.now)
		f.wantNoRequest(signin.BrowserKey{}, f.now)
	}},
	{"TheRequestOfABrowserIsTheLastOne", func(f *fixture) {
		browser := newBrowser()
		first := f.asked(f.person("a"), browser)
		second := f.asked(f.person("b"), browser)
		f.wantRequest(second, f.now)
		f.wantLink(first, f.now, alive)
		f.wantOutcome(f.redeemCode(f.redemption(first)), signin.SignedIn)
		f.wantLink(second, f.now, alive)
	}},
}

func threeLinksAlive(f *fixture) {
	who := f.person("a")
	var asked []signin.Asking
	for range signin.MaxLiveLinks {
		asked = append(asked, f.asked(who, newBrowser()))
	}
	fourth := f.asking(who, newBrowser())
	f.wantSilent(f.ask(fourth), signin.SilentThreeAlive)
	f.wantLink(fourth, f.now, signin.TooOld)
	f.wantRequest(fourth, f.now)
	for _, a := range asked {
		f.wantLink(a, f.now, alive)
	}
	f.asked(f.person("b"), newBrowser())
}

func (f *fixture) wantRequest(a signin.Asking, now time.Time) {
	f.Helper()
	got, found, err := f.Request(f.Context(), a.Browser, now)
	f.must(err)
	if !found {
		f.Fatal("the request is not remembered")
	}
	f.wantSameRequest(got, a.Request)
}

func (f *fixture) wantSameRequest(got, want signin.Request) {
	f.Helper()
	if !got.Asked.Equal(want.Asked) || !got.Expires.Equal(want.Expires) {
		f.Fatalf("the request is from %v to %v, want %v to %v", got.Asked, got.Expires, want.Asked, want.Expires)
	}
	got.Asked, got.Expires = want.Asked, want.Expires
	if got != want {
		f.Fatalf("the request is\n%+v, want\n%+v", got, want)
	}
}

func (f *fixture) wantNoRequest(browser signin.BrowserKey, now time.Time) {
	f.Helper()
	got, found, err := f.Request(f.Context(), browser, now)
	f.must(err)
	if found {
		f.Fatalf("there is a request: %+v", got)
	}
}

func (f *fixture) wantWelcome(a signin.Asking, want bool) {
	f.Helper()
	if m := f.kept(a.Message.ID); m.Welcome != want {
		f.Fatalf("the message is a welcome: %v, want %v", m.Welcome, want)
	}
}

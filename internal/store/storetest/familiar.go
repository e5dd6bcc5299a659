package storetest

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var familiarPromises = []promise{
	{"AFamiliarBrowserHasALimitOfItsOwn", func(f *fixture) {
		who, mine := f.person("a"), newBrowser()
		f.meets(mine, f.asked(who, newBrowser()))
		bounded := func(browser signin.BrowserKey, most int) signin.Asking {
			a := f.asking(who, browser)
			a.Mailbox.Rule.Max = most
			return a
		}
		const strangers, familiar = 2, 1 // one of the strangers asked before
		f.wantSent(f.ask(bounded(newBrowser(), strangers)))
		f.wantSilent(f.ask(bounded(newBrowser(), strangers)), signin.SilentMailbox)
		f.wantSent(f.ask(bounded(mine, familiar)))
		f.wantSilent(f.ask(bounded(mine, familiar)), signin.SilentMailbox)
		f.wantSilent(f.ask(bounded(newBrowser(), strangers)), signin.SilentMailbox)
	}},
	{"ABrowserIsFamiliarToOneAddressOnly", func(f *fixture) {
		mine := newBrowser()
		f.meets(mine, f.asked(f.person("a"), newBrowser()))
		b := f.asked(f.person("b"), mine)
		f.stopped(b, time.Hour)
		f.wantSilent(f.ask(f.asking(b.Request.Address, mine)), signin.SilentMuted)
	}},
	{"TheLastBrowsersAreFamiliarAndNoMore", func(f *fixture) {
		who := f.person("a")
		var browsers []signin.BrowserKey
		for range signin.MaxFamiliar + 1 {
			browsers = append(browsers, newBrowser())
			f.meets(browsers[len(browsers)-1], f.asked(who, newBrowser()))
			f.meets(browsers[len(browsers)-1], f.asked(who, newBrowser()))
		}
		f.stopped(f.asked(who, newBrowser()), time.Hour)
		f.wantSilent(f.ask(f.asking(who, browsers[0])), signin.SilentMuted)
		for _, familiar := range browsers[1:] {
			a := f.asking(who, familiar)
			f.wantSent(f.ask(a))
			f.meets(familiar, a)
		}
	}},
	{"TheLanguageOfThePersonFillsInForNone", func(f *fixture) {
		who := f.person("a")
		r := f.redemption(f.asked(who, newBrowser()))
		r.Language = "pt"
		f.wantOutcome(f.redeemLink(r), signin.SignedIn)
		f.wantLanguage(f.asked(who, newBrowser()), "de")
		silent := f.asking(who, newBrowser())
		silent.Message.Language = ""
		f.wantSent(f.ask(silent))
		f.wantLanguage(silent, "pt")
		f.signIn(who) // in no language
		f.wantSent(f.ask(func() signin.Asking {
			silent = f.asking(who, newBrowser())
			silent.Message.Language = ""
			return silent
		}()))
		f.wantLanguage(silent, "pt")
		other := f.asking(f.person("b"), newBrowser())
		other.Message.Language = ""
		f.wantSent(f.ask(other))
		f.wantLanguage(other, "")
	}},
	{"AReserveOfTheTotalIsForThoseWhoHaveSignedInBefore", func(f *fixture) {
		known := f.person("known")
		f.signIn(known)
		asking := func(a signin.Asking) signin.Asking {
			a.Total, a.Reserve = limit.Use{Name: "reserve of " + f.name, Rule: limit.Rule{Max: 3, Window: time.Minute}}, 1
			return a
		}
		f.wantSent(f.ask(asking(f.asking(f.person("b"), newBrowser()))))
		f.wantSent(f.ask(asking(f.asking(f.person("c"), newBrowser()))))
		f.wantSilent(f.ask(asking(f.asking(f.person("d"), newBrowser()))), signin.SilentTotal)
		f.wantSent(f.ask(asking(f.asking(known, newBrowser()))))
		f.wantSilent(f.ask(asking(f.asking(known, newBrowser()))), signin.SilentTotal)
	}},
}

// meets signs in so that a browser is familiar from then on.
func (f *fixture) meets(browser signin.BrowserKey, a signin.Asking) {
	f.Helper()
	r := f.redemption(a)
	r.Mark = browser
	f.wantOutcome(f.redeemLink(r), signin.SignedIn)
}

func (f *fixture) wantLanguage(a signin.Asking, want string) {
	f.Helper()
	if m := f.kept(a.Message.ID); m.Language != want {
		f.Fatalf("the message is in %q, want %q", m.Language, want)
	}
}

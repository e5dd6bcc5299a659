package storetest

import (
	"crypto/rand"
	"fmt"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
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
		const strangers, familiar = 1, 1
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
	{"AReserveOfTheTotalIsForFamiliarBrowsers", func(f *fixture) {
		known, mine := f.person("known"), newBrowser()
		f.meets(mine, f.asked(known, newBrowser()))
		asking := func(a signin.Asking) signin.Asking {
			a.Total, a.Reserve = limit.Use{Name: "reserve of " + f.name, Rule: limit.Rule{Max: 3, Window: time.Minute}}, 1
			return a
		}
		f.wantSent(f.ask(asking(f.asking(f.person("b"), newBrowser()))))
		f.wantSent(f.ask(asking(f.asking(f.person("c"), newBrowser()))))
		f.wantSilent(f.ask(asking(f.asking(f.person("d"), newBrowser()))), signin.SilentTotal)
		f.wantSilent(f.ask(asking(f.asking(known, newBrowser()))), signin.SilentTotal) // which a stranger can type, too
		f.wantSent(f.ask(asking(f.asking(known, mine))))
		f.wantSilent(f.ask(asking(f.asking(known, mine))), signin.SilentTotal)
	}},
	{"AFamiliarBrowserGetsItsLinkWhateverStrangersHaveAskedFor", familiarGetsItsLink},
	{"WhatDoesNotSignInKeepsNobodyFromALink", func(f *fixture) {
		// Every mixture of proposals, offers and invitations, in any order.
		thief := f.signIn(f.person("thief"))
		for mixture := range 27 {
			who := f.person(fmt.Sprint("victim", mixture))
			for range 3 {
				switch mixture % 3 {
				case 0:
					p := f.proposal(thief, account.Recovery, who)
					p.Daily = limit.Use{Name: rand.Text(), Rule: plenty}
					f.propose(p)
				case 1:
					f.offered(who)
				case 2:
					f.promised(who, signin.ToSignIn, "")
				}
				mixture /= 3
			}
			for range signin.MaxLiveLinks {
				f.asked(who, newBrowser())
			}
			f.wantSilent(f.ask(f.asking(who, newBrowser())), signin.SilentThreeAlive)
		}
	}},
}

// familiarGetsItsLink tries each mixture of links that strangers and familiar browsers
// have asked for: the oldest one of a stranger's gives way, or else the oldest.
func familiarGetsItsLink(f *fixture) {
	for mixture := range 1 << signin.MaxLiveLinks {
		who := f.person(fmt.Sprint("a", mixture))
		mine, other := newBrowser(), newBrowser()
		f.meets(mine, f.asked(who, newBrowser()))
		f.meets(other, f.asked(who, newBrowser()))
		invited := f.promised(who, signin.ToSignIn, "")
		var links []signin.Asking
		givesWay := -1
		for i := range signin.MaxLiveLinks {
			if mixture&(1<<i) != 0 {
				links = append(links, f.asked(who, other))
				continue
			}
			if links = append(links, f.asked(who, newBrowser())); givesWay < 0 {
				givesWay = i
			}
		}
		a := f.asked(who, mine)
		for i, l := range links {
			want := alive
			if i == max(givesWay, 0) {
				want = signin.Used
			}
			f.wantLink(l, f.now, want)
		}
		f.wantSilent(f.ask(f.asking(who, newBrowser())), signin.SilentThreeAlive)
		r := f.redemptionOf(invited)
		r.Elsewhere = false
		f.wantOutcome(f.redeemLink(r), alive)
		f.wantOutcome(f.redeemLink(f.redemption(a)), signin.SignedIn)
	}
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

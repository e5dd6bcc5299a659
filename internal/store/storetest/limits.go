package storetest

import (
	"crypto/rand"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var limitPromises = []promise{
	{"ANetworkOverItsLimitWaitsAndNothingIsRecorded", networkOverItsLimit},
	{"AMailboxOverItsLimitGetsNothingMoreAndNobodyNotices", func(f *fixture) {
		who, box := f.person("a"), limit.Use{Name: f.name, Rule: limit.Rule{Max: 2, Window: time.Hour}}
		// The mailbox is counted under its own name: tags and dots are not in it.
		for _, spelling := range []string{"a", "b"} {
			a := f.asking(f.person(spelling), newBrowser())
			a.Mailbox = box
			f.wantSent(f.ask(a))
		}
		a := f.asking(who, newBrowser())
		a.Mailbox = box
		f.wantSilent(f.ask(a), signin.SilentMailbox)
		f.wantLink(a, f.now, signin.TooOld)
		f.wantRequest(a, f.now)
		f.asked(f.person("c"), newBrowser())

		a = f.askingAt(f.now.Add(box.Rule.Lifetime()), who, newBrowser())
		a.Mailbox = box
		f.wantSent(f.ask(a))
	}},
	{"AllMessagesTogetherHaveALimit", func(f *fixture) {
		total := limit.Use{Name: f.name, Rule: limit.Rule{Max: 2, Window: time.Hour}}
		for _, name := range []string{"a", "b"} {
			a := f.asking(f.person(name), newBrowser())
			a.Total = total
			f.wantSent(f.ask(a))
		}
		a := f.asking(f.person("c"), newBrowser())
		a.Total = total
		f.wantSilent(f.ask(a), signin.SilentTotal)
		f.wantLink(a, f.now, signin.TooOld)
		f.wantRequest(a, f.now)
		a = f.askingAt(f.now.Add(total.Rule.Lifetime()), f.person("c"), newBrowser())
		a.Total = total
		f.wantSent(f.ask(a))
	}},
	{"WhatIsNotSentDoesNotCountAgainstAllMessages", func(f *fixture) {
		total := limit.Use{Name: f.name, Rule: limit.Rule{Max: 1, Window: time.Hour}}
		stranger := f.asking(f.person("stranger"), newBrowser())
		stranger.Admission, stranger.Total = people.Admission{}, total
		f.wantSilent(f.ask(stranger), signin.SilentNotAllowed)
		a := f.asking(f.person("a"), newBrowser())
		a.Total = total
		f.wantSent(f.ask(a))
	}},
	{"WhatIsNotSentBecauseThreeLinksAreAliveDoesNotCountAgainstTheMailbox", func(f *fixture) {
		who, box := f.person("a"), limit.Use{Name: f.name, Rule: limit.Rule{Max: signin.MaxLiveLinks + 1, Window: time.Hour}}
		ask := func(at time.Time) signin.Asked {
			a := f.askingAt(at, who, newBrowser())
			a.Mailbox = box
			return f.ask(a)
		}
		for range signin.MaxLiveLinks {
			f.wantSent(ask(f.now))
		}
		for range 3 {
			f.wantSilent(ask(f.now), signin.SilentThreeAlive)
		}
		f.wantSent(ask(f.now.Add(linkLife)))
		f.wantSilent(ask(f.now.Add(linkLife)), signin.SilentMailbox)
	}},
	{"WhoIsNotAdmittedCountsForTheNetworkAndNotForTheMailbox", func(f *fixture) {
		who := f.person("a")
		limited := func(admission people.Admission) signin.Asking {
			a := f.asking(who, newBrowser())
			a.Admission = admission
			a.Client.Rule = limit.Rule{Max: 3, Window: time.Hour}
			a.Mailbox.Rule = limit.Rule{Max: 1, Window: time.Hour}
			return a
		}
		f.wantSilent(f.ask(limited(people.Admission{})), signin.SilentNotAllowed)
		f.wantSilent(f.ask(limited(people.Admission{})), signin.SilentNotAllowed)
		f.wantSent(f.ask(limited(everybody)))
		if asked := f.ask(limited(people.Admission{})); asked.Wait <= 0 {
			f.Errorf("after three requests the network is let through: %+v", asked)
		}
	}},
	{"ALimitHoldsForRequestsAtTheSameTime", limitAtTheSameTime},
	{"WhatWasRedeemedDoesNotCountAgainstTheMailbox", func(f *fixture) {
		for _, by := range []func(signin.Redemption) signin.Redeemed{f.redeemLink, f.redeemCode} {
			who, few := f.person(strings.ToLower(rand.Text())), limit.Rule{Max: 2, Window: time.Hour}
			ask := func(at time.Time) signin.Asking {
				a := f.askingAt(at, who, newBrowser())
				a.Mailbox.Rule = few
				return a
			}
			unused := ask(f.now)
			f.wantSent(f.ask(unused))
			for i := range 6 { // apps in a morning
				a := ask(f.now.Add(time.Duration(i) * 5 * time.Minute))
				f.wantSent(f.ask(a))
				r := f.redemption(a)
				f.wantOutcome(by(r), signin.SignedIn)
				f.wantOutcome(by(r), signin.SignedIn) // sent again: it gives nothing back
			}
			late := f.now.Add(30 * time.Minute)
			f.wantSent(f.ask(ask(late)))
			f.wantSilent(f.ask(ask(late)), signin.SilentMailbox)
		}
	}},
	{"APlaceIsGivenBackWhereItWasTaken", func(f *fixture) {
		who, mine, few := f.person("a"), newBrowser(), limit.Rule{Max: 1, Window: time.Hour}
		f.meets(mine, f.asked(who, newBrowser()))
		ask := func(browser signin.BrowserKey, at time.Time) signin.Asking {
			a := f.askingAt(at, who, browser)
			a.Mailbox.Rule = few
			return a
		}
		familiar, stranger := ask(mine, f.now), ask(newBrowser(), f.now)
		f.wantSent(f.ask(familiar))
		f.wantSent(f.ask(stranger))
		f.wantOutcome(f.redeemLink(f.redemption(familiar)), signin.SignedIn)
		f.wantSilent(f.ask(ask(newBrowser(), f.now)), signin.SilentMailbox) // that place was another one
		f.wantSent(f.ask(ask(mine, f.now)))

		// One that is given back when it does not count any more is not lent to others.
		old := f.asking(f.person("b"), newBrowser())
		old.Request.Expires, old.Mailbox.Rule = f.now.Add(24*time.Hour), limit.Rule{Max: 1, Window: time.Minute}
		f.wantSent(f.ask(old))
		next := f.askingAt(f.now.Add(2*time.Minute), old.Request.Address, newBrowser())
		next.Mailbox.Rule = old.Mailbox.Rule
		f.wantSent(f.ask(next))
		r := f.redemption(old)
		r.Now = next.Now
		f.wantOutcome(f.redeemLink(r), signin.SignedIn)
		again := f.askingAt(next.Now, old.Request.Address, newBrowser())
		again.Mailbox.Rule = old.Mailbox.Rule
		f.wantSilent(f.ask(again), signin.SilentMailbox)
	}},
}

func networkOverItsLimit(f *fixture) {
	network := limit.Use{Name: f.name, Rule: limit.Rule{Max: 2, Window: time.Hour}}
	from := func(network limit.Use) signin.Asking {
		a := f.asking(f.person("a"), newBrowser())
		a.Client = network
		a.Mailbox.Rule = limit.Rule{Max: 3, Window: time.Hour}
		return a
	}
	f.wantSent(f.ask(from(network)))
	f.wantSent(f.ask(from(network)))
	refused := from(network)
	asked := f.ask(refused)
	if asked.Wait <= 0 || asked.Wait > network.Rule.Lifetime() || asked.Send {
		f.Fatalf("a network over its limit gets %+v", asked)
	}
	f.wantNoRequest(refused.Browser, f.now)
	f.wantLink(refused, f.now, signin.TooOld)
	f.wantOutcome(f.redeemCode(f.redemption(refused)), signin.Unknown)
	// Another network has room, and the mailbox has too: it counted two.
	f.wantSent(f.ask(from(limit.Use{Name: "another than " + f.name, Rule: network.Rule})))

	later := f.askingAt(f.now.Add(asked.Wait), f.person("b"), newBrowser())
	later.Client = network
	f.wantSent(f.ask(later))
}

func limitAtTheSameTime(f *fixture) {
	const requests, allowed = 40, 10
	network := limit.Use{Name: f.name, Rule: limit.Rule{Max: allowed, Window: time.Hour}}
	who := f.person("a")
	results := atOnce(f, requests, func(int) (signin.Asked, error) {
		a := f.asking(who, newBrowser())
		a.Client = network
		return f.Ask(f.Context(), a)
	})
	through, sent := 0, 0
	for _, asked := range results {
		if asked.Wait == 0 {
			through++
		}
		if asked.Send {
			sent++
		}
	}
	if through != allowed || sent != signin.MaxLiveLinks {
		f.Errorf("of %d requests at once %d were let through and %d sent, want %d and %d", requests, through, sent, allowed, signin.MaxLiveLinks)
	}
}

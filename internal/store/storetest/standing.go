package storetest

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// staffOnly admits those that the store has in a group.
var staffOnly = people.Admission{Ways: []people.Way{{Groups: []string{"admins", "staff"}, Except: []string{"gone"}}}}

var standingPromises = []promise{
	{"WhoIsInAGroupOfTheStoreIsAdmitted", func(f *fixture) {
		who := f.person("a")
		asking := func(who address.Address) signin.Asking {
			a := f.asking(who, newBrowser())
			a.Admission = staffOnly
			return a
		}
		f.wantSilent(f.ask(asking(who)), signin.SilentNotAllowed)
		f.changed(who, inGroups("other"))
		f.wantSilent(f.ask(asking(who)), signin.SilentNotAllowed)
		f.changed(who, inGroups("other", "staff"))
		f.wantSent(f.ask(asking(who)))
		f.wantSilent(f.ask(asking(f.person("b"))), signin.SilentNotAllowed)
		f.changed(who, inGroups("gone", "staff"))
		f.wantSilent(f.ask(asking(who)), signin.SilentNotAllowed)
	}},
	{"WhoIsInAGroupThatIsDeniedIsNotAdmitted", func(f *fixture) {
		a := f.asking(f.person("a"), newBrowser())
		a.Admission = people.Admission{Ways: []people.Way{{Open: true, Except: []string{"gone"}}}}
		f.changed(a.Request.Address, inGroups("gone"))
		f.wantSilent(f.ask(a), signin.SilentNotAllowed)
		f.changed(a.Request.Address, inGroups())
		f.wantSent(f.ask(a))
	}},
	{"AGrantCountsForItsSiteWhileItStands", func(f *fixture) {
		who := f.person("a")
		until := time.Now().Add(time.Hour)
		f.changed(who, func(p *people.Person) { p.Grants = []people.Grant{{Origin: f.site, Until: until}} })
		asking := func(site string, now time.Time) signin.Asking {
			a := f.askingAt(now, who, newBrowser())
			a.Admission = people.Admission{Ways: []people.Way{{Granted: true, Site: site}}}
			return a
		}
		f.wantSent(f.ask(asking(f.site, f.now)))
		f.wantSilent(f.ask(asking("https://other.example.com", f.now)), signin.SilentNotAllowed)
		f.wantSilent(f.ask(asking(f.site, until)), signin.SilentNotAllowed)
	}},
	{"AWayIsEnough", func(f *fixture) {
		a := f.asking(f.person("a"), newBrowser())
		a.Admission = people.Admission{Ways: []people.Way{{Open: true, Except: []string{"gone"}}, {Groups: []string{"gone"}}}}
		f.changed(a.Request.Address, inGroups("gone"))
		f.wantSent(f.ask(a))
	}},
	{"ANewSessionHasTheStandingOfItsPerson", func(f *fixture) {
		who := f.person("a")
		f.wantStanding(f.signIn(who).Key, nil)
		p := f.changed(who, func(p *people.Person) {
			p.Groups, p.Grants = []string{"a", "b"}, []people.Grant{{Origin: "x"}, {Origin: "y", Until: time.Now().Add(time.Hour)}}
		})
		f.wantStanding(f.signIn(who).Key, &p.Standing)
		f.wantStanding(f.signIn(f.person("b")).Key, nil)
	}},
	{"SessionsFollowAChangeBeforeItReturns", func(f *fixture) {
		who := f.person("a")
		a, b, other := f.signIn(who), f.signIn(who), f.signIn(f.person("b"))
		ended, changes := f.listen(), f.listenToChanges()
		f.changed(who, func(*people.Person) {})
		changes.want(f, a.Key, false)
		p := f.changed(who, inGroups("staff"))
		for _, s := range []session.Entry{a, b} {
			changes.want(f, s.Key, true)
			ended.want(f, s.Key, false)
			f.wantStanding(s.Key, &p.Standing)
		}
		changes.want(f, other.Key, false)
		f.wantStanding(other.Key, nil)
		f.must(f.Touch(f.Context(), a.Key, a.Seen.Add(time.Minute), a.Expires.Add(time.Minute)))
		f.wantStanding(a.Key, &p.Standing)
		changes.cancel()
		changes = f.listenToChanges()
		f.changed(who, inGroups())
		changes.want(f, b.Key, true)
		a.Seen, a.Expires = a.Seen.Add(time.Minute), a.Expires.Add(time.Minute)
		f.wantRecord(a.Key, a.Record)
		f.wantRecord(b.Key, b.Record)
	}},
	{"ALinkMadeBeforeAChangeIsAskedAboutAgain", func(f *fixture) {
		for _, redeem := range []func(signin.Redemption) signin.Redeemed{f.redeemLink, f.redeemCode} {
			who := f.person("a")
			f.changed(who, inGroups("staff"))
			r := f.redemption(f.asked(who, newBrowser()))
			after := f.changed(who, inGroups())
			redeemed := redeem(r)
			f.wantOutcome(redeemed, signin.PolicyChanged)
			if redeemed.Policy != rulesThen || redeemed.Request.Address != who {
				f.Fatalf("the link is %+v", redeemed)
			}
			f.wantSamePerson(redeemed.Person, after)
			stale := after.Revision - 1
			r.Revision = &stale
			f.wantOutcome(redeem(r), signin.PolicyChanged)
			f.wantFound(r.Session.Key, false)
			r.Revision = &after.Revision
			f.wantOutcome(redeem(r), signin.SignedIn)
			f.wantStanding(r.Session.Key, nil)
			f.must(f.RemovePerson(f.Context(), who, f.now))
		}
	}},
	{"WhatWasLookedAtDoesNotCountUnderOtherRules", func(f *fixture) {
		who := f.person("a")
		r := f.redemption(f.asked(who, newBrowser()))
		p := f.changed(who, inGroups("staff"))
		r.Policy, r.Revision = rulesNow, &p.Revision
		f.wantOutcome(f.redeemLink(r), signin.PolicyChanged)
		f.wantFound(r.Session.Key, false)
	}},
	{"AChangeOfSomebodyElseMattersToNoLink", func(f *fixture) {
		r := f.redemption(f.asked(f.person("a"), newBrowser()))
		f.changed(f.person("b"), inGroups("staff"))
		f.wantOutcome(f.redeemLink(r), signin.SignedIn)
	}},
	{"TheReserveIsNotForThoseWhoNeverProvedTheirAddress", func(f *fixture) {
		a := f.asking(f.person("a"), newBrowser())
		f.changed(a.Request.Address, func(*people.Person) {})
		a.Total.Rule.Max, a.Reserve = 1, 1
		f.wantSilent(f.ask(a), signin.SilentTotal)
	}},
}

func inGroups(groups ...string) func(*people.Person) {
	return func(p *people.Person) { p.Groups = groups }
}

// listenToChanges hears which sessions change.
func (f *fixture) listenToChanges() *listener {
	return f.listenTo(f.OnChange)
}

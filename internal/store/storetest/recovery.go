package storetest

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var recoveryPromises = []promise{
	{"ARecoveryAddressSignsInItsPerson", func(f *fixture) {
		who, second := f.person("a"), f.person("second")
		f.signIn(who)
		p := f.changed(who, inGroups("staff"))
		f.recovers(who, second)
		if got := f.known(who); got.Recovery != second || got.Revision != p.Revision {
			f.Fatalf("the person is %+v", got)
		}
		a := f.refusedBut(second)
		f.wantSent(f.ask(a))
		f.wantMessage(f.kept(a.Message.ID), filled(a.Message, false))
		f.wantRequest(a, f.now)
		r := f.redemption(a)
		redeemed := f.redeemLink(r) // the rules are asked about the person
		f.wantOutcome(redeemed, signin.PolicyChanged)
		if redeemed.Request.Address != who {
			f.Fatalf("the link is of %s", redeemed.Request.Address)
		}
		f.wantSamePerson(redeemed.Person, f.known(who))
		r.Policy, r.Revision = redeemed.Policy, &redeemed.Person.Revision
		redeemed = f.redeemCode(r)
		f.wantOutcome(redeemed, signin.SignedIn)
		if redeemed.NewPerson || redeemed.Request.Address != who {
			f.Fatalf("signed in is %+v", redeemed)
		}
		f.wantStanding(r.Session.Key, &p.Standing)
		f.wantSessions(second)
		f.wantUnknown(second)
	}},
	{"ARecoveryAddressStandsForItsPersonWhateverTheRules", func(f *fixture) {
		who, second := f.person("a"), f.person("second")
		f.signIn(who)
		f.recovers(who, second)
		r := f.redemption(f.asked(second, newBrowser()))
		redeemed := f.redeemLink(r)
		f.wantOutcome(redeemed, signin.PolicyChanged)
		if redeemed.Request.Address != who {
			f.Fatalf("the link is of %s", redeemed.Request.Address)
		}
	}},
	{"TheRecoveryAddressOfSomebodyDisabledSignsNobodyIn", func(f *fixture) {
		who, second := f.person("a"), f.person("second")
		f.signIn(who)
		f.recovers(who, second)
		a := f.asked(second, newBrowser())
		f.changed(who, func(p *people.Person) { p.Disabled = true })
		f.wantLink(a, f.now, signin.Used)
		f.wantSilent(f.ask(f.asking(second, newBrowser())), signin.SilentNotAllowed)
	}},
	{"WhoIsKnownIsNobodyElsesRecovery", func(f *fixture) {
		who, second := f.person("a"), f.person("second")
		f.signIn(who)
		f.recovers(who, second)
		f.changed(second, func(*people.Person) {}) // by an operator
		r := f.redemption(f.asked(second, newBrowser()))
		f.wantOutcome(f.redeemLink(r), signin.SignedIn)
		f.wantSessions(second, r.Session.Key)
	}},
	{"LinksToARecoveryAddressCountAsThoseOfItsPerson", func(f *fixture) {
		who, second := f.person("a"), f.person("second")
		f.signIn(who)
		f.recovers(who, second)
		first := f.asked(second, newBrowser())
		f.asked(who, newBrowser())
		f.asked(second, newBrowser())
		f.wantSilent(f.ask(f.asking(who, newBrowser())), signin.SilentThreeAlive)
		f.wantSilent(f.ask(f.asking(second, newBrowser())), signin.SilentThreeAlive)
		r := f.redemption(first)
		r.Policy = ""
		f.wantOutcome(f.redeemLink(r), signin.SignedIn)
		f.signIn(who)
	}},
	{"WhoStopsARecoveryMessageStopsThoseOnly", func(f *fixture) {
		who, second := f.person("a"), f.person("second")
		f.signIn(who)
		f.recovers(who, second)
		a := f.asked(second, newBrowser())
		f.stopped(a, time.Hour)
		f.wantSilent(f.ask(f.asking(second, newBrowser())), signin.SilentMuted)
		f.wantSent(f.ask(f.asking(who, newBrowser())))
	}},
	{"ARecoveryAddressIsTakenAway", func(f *fixture) {
		who, second := f.person("a"), f.person("second")
		f.signIn(who)
		f.recovers(who, second)
		a := f.asked(second, newBrowser())
		f.dropsRecovery(who)
		f.wantLink(a, f.now, signin.Used)
		if got := f.known(who).Recovery; got != "" {
			f.Fatalf("the recovery address is %q", got)
		}
		f.wantSilent(f.ask(f.refusedBut(second)), signin.SilentNotAllowed)
		f.dropsRecovery(who) // once more does no harm
		f.signIn(f.person("b"))
		f.recovers(f.person("b"), second)
	}},
	{"ANewRecoveryAddressTakesThePlaceOfTheOldOne", func(f *fixture) {
		who := f.person("a")
		f.signIn(who)
		f.recovers(who, f.person("old"))
		a := f.asked(f.person("old"), newBrowser())
		f.recovers(who, f.person("new"))
		f.wantLink(a, f.now, signin.Used)
		f.wantSilent(f.ask(f.refusedBut(f.person("old"))), signin.SilentNotAllowed)
		f.wantRecovers(f.person("new"), who)
	}},
}

// recovers gives somebody a recovery address, in a session of their own.
func (f *fixture) recovers(who, second address.Address) {
	f.Helper()
	f.makes(f.signIn(who), account.Recovery, second)
}

func (f *fixture) dropsRecovery(who address.Address) {
	f.Helper()
	f.makes(f.signIn(who), account.Drop, "")
}

// refusedBut is somebody asking who is not admitted by the rules.
func (f *fixture) refusedBut(who address.Address) signin.Asking {
	a := f.asking(who, newBrowser())
	a.Admission = people.Admission{}
	return a
}

// wantRecovers checks who an address signs in.
func (f *fixture) wantRecovers(second, who address.Address) {
	f.Helper()
	a := f.refusedBut(second)
	f.wantSent(f.ask(a))
	redeemed := f.redeemLink(f.redemption(a))
	f.wantOutcome(redeemed, signin.PolicyChanged)
	if redeemed.Request.Address != who {
		f.Fatalf("%s signs in %s, want %s", second, redeemed.Request.Address, who)
	}
}

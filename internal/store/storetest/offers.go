package storetest

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var offerPromises = []promise{
	{"WhoMayAskTheOwnersIsOfferedTo", func(f *fixture) {
		who := f.person("a")
		a := f.offered(who)
		f.wantMessage(f.kept(a.Offer.ID), filled(a.Offer, true))
		if _, found, err := f.Message(f.Context(), a.Message.ID); found || err != nil {
			f.Fatalf("a message to sign in is kept: %v, %v", found, err)
		}
		f.wantRequest(a, f.now)
		f.wantUnknown(who)
		f.wantOutcome(f.redeemLink(f.redemption(a)), signin.TooOld)
		r := f.redemption(a)
		r.Link = a.OfferLink
		f.wantOutcome(f.redeemLink(r), signin.Unknown)
		f.wantOutcome(f.redeemCode(f.redemption(a)), signin.WrongCode)
		if got := f.wantUseOf(f.useOfOffer(a), signin.LinkGood); got.Address != who || got.Purpose != signin.ToAsk || !got.Expires.Equal(a.Request.Expires) {
			f.Fatalf("the link is %+v", got)
		}
	}},
	{"WhoIsAdmittedIsNotOfferedToAsk", func(f *fixture) {
		a := f.mayAsk(f.person("a"))
		f.changed(a.Request.Address, func(p *people.Person) { p.Grants = []people.Grant{{Origin: f.site}} })
		f.wantSent(f.ask(a))
		f.wantLink(a, f.now, alive)
		f.wantUseOf(f.useOfOffer(a), signin.LinkTooOld)
	}},
	{"WhoMayNotAskIsNotOfferedTo", func(f *fixture) {
		nobody := f.mayAsk(f.person("a"))
		nobody.OfferLink, nobody.Offer = signin.LinkKey{}, outbox.Message{}
		denied := f.mayAsk(f.person("b"))
		f.changed(denied.Request.Address, inGroups("gone"))
		never := f.mayAsk(f.person("c"))
		never.Admission = people.Admission{AskAt: f.site}
		disabled := f.mayAsk(f.person("d"))
		f.changed(disabled.Request.Address, func(p *people.Person) { p.Disabled = true })
		for _, a := range []signin.Asking{nobody, denied, never, disabled} {
			f.wantSilent(f.ask(a), signin.SilentNotAllowed)
			f.wantUseOf(f.useOfOffer(a), signin.LinkTooOld)
		}
	}},
	{"OffersAreThreeAtMostAmongThemselves", func(f *fixture) {
		who := f.person("a")
		for range signin.MaxLiveLinks {
			f.offered(who)
		}
		f.wantSilent(f.ask(f.mayAsk(who)), signin.SilentThreeAlive)
		f.asked(who, newBrowser())
	}},
	{"OffersHaveTheLimitsOfTheMailbox", func(f *fixture) {
		who := f.person("a")
		limited := func() signin.Asking {
			a := f.mayAsk(who)
			a.Mailbox.Rule.Max = 2
			return a
		}
		f.wantSent(f.ask(limited()))
		f.wantSent(f.ask(limited()))
		f.wantSilent(f.ask(limited()), signin.SilentMailbox)
	}},
	{"AnOfferCanBeStopped", func(f *fixture) {
		a := f.offered(f.person("a"))
		f.stopsOffer(a)
		f.wantUseOf(f.useOfOffer(a), signin.LinkUsed)
		f.wantOutcome(f.redeemCode(f.redemption(a)), signin.RequestEnded)
		f.wantSilent(f.ask(f.mayAsk(a.Request.Address)), signin.SilentMuted)
	}},
	{"AnOfferOutlivesASignIn", func(f *fixture) {
		a := f.offered(f.person("a"))
		f.signIn(a.Request.Address)
		f.wantUseOf(f.useOfOffer(a), signin.LinkGood)
	}},
}

// mayAsk is somebody asking who may be let in by the owners of the site.
func (f *fixture) mayAsk(who address.Address) signin.Asking {
	a := f.asking(who, newBrowser())
	a.Admission = people.Admission{Ways: []people.Way{{Granted: true, Site: f.site, Except: []string{"gone"}}}, AskAt: f.site}
	a.OfferLink, a.Offer = newLink(), f.message(who)
	a.Offer.Kind = outbox.Offer
	return a
}

func (f *fixture) offered(who address.Address) signin.Asking {
	f.Helper()
	a := f.mayAsk(who)
	f.wantSent(f.ask(a))
	return a
}

func (f *fixture) useOfOffer(a signin.Asking) signin.Use {
	return signin.Use{Now: f.now, Link: a.OfferLink, Purpose: signin.ToAsk, Origin: f.site}
}

func (f *fixture) stopsOffer(a signin.Asking) {
	f.Helper()
	s := f.stopping(a, time.Hour)
	s.Link, s.Message = a.OfferLink, a.Offer.ID
	stopped, err := f.Stop(f.Context(), s)
	f.must(err)
	if !stopped {
		f.Fatal("the offer is not stopped")
	}
}

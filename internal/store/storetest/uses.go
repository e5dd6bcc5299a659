package storetest

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var usePromises = []promise{
	{"ALinkIsUsedOnceForItsPurposeAtItsSite", func(f *fixture) {
		p := f.promised(f.person("a"), signin.ToAsk, "")
		for _, wrong := range []signin.Use{
			{Now: f.now, Link: p.Link.Key, Purpose: signin.ToDecide, Origin: f.site},
			{Now: f.now, Link: p.Link.Key, Purpose: signin.ToSignIn, Origin: f.site},
			{Now: f.now, Link: p.Link.Key, Purpose: signin.ToAsk, Origin: "https://other.example.com"},
		} {
			f.wantUseOf(wrong, signin.LinkUnknown)
			f.wantSubmitted(f.submissionWith(wrong), signin.LinkUnknown)
		}
		f.wantOutcome(f.redeemLink(f.redemptionOf(p)), signin.Unknown)
		if got := f.wantUseOf(useOf(p), signin.LinkGood); got.Address != p.Link.Address || got.Key != p.Link.Key || got.Purpose != signin.ToAsk ||
			got.Origin != f.site || !got.Expires.Equal(p.Link.Expires) {
			f.Fatalf("the link is %+v, want %+v", got, p.Link)
		}
		f.wantSubmitted(f.submissionWith(useOf(p)), signin.LinkGood)
		f.wantUse(p, signin.LinkUsed)
		f.wantSubmitted(f.submissionWith(useOf(p)), signin.LinkUsed)
	}},
	{"ALinkIsUsedBeforeItsEnd", func(f *fixture) {
		p := f.promised(f.person("a"), signin.ToDecide, "subject")
		u := useOf(p)
		u.Now = p.Link.Expires
		f.wantUseOf(u, signin.LinkTooOld)
		u.Now = p.Link.Expires.Add(-time.Millisecond)
		if got := f.wantUseOf(u, signin.LinkGood); got.Subject != "subject" {
			f.Fatalf("the link is about %q", got.Subject)
		}
	}},
	{"WhatAnOwnerDecidedCanBeLookedUpWithTheLink", func(f *fixture) {
		a := f.submission(f.person("a"), f.person("owner"))
		kept, p := f.submits(a), a.Owners[0]
		_, _, err := f.Decide(f.Context(), f.deciding(kept, access.Refused))
		f.must(err)
		if got := f.wantUseOf(useOf(p), signin.LinkUsed); got.Subject != kept.ID || got.Address != p.Link.Address {
			f.Fatalf("the used link is %+v", got)
		}
		elsewhere := useOf(p)
		elsewhere.Origin = "https://other.example.com"
		if got := f.wantUseOf(elsewhere, signin.LinkUsed); got.Subject != "" {
			f.Fatalf("the used link is %+v at another site", got)
		}
	}},
	{"ALinkThatWasNeverMadeIsTooOld", func(f *fixture) {
		f.wantUse(f.promising(f.person("a"), signin.ToAsk, ""), signin.LinkTooOld)
	}},
	{"ALinkThatSignsInIsGoodForNothingElse", func(f *fixture) {
		a := f.asked(f.person("a"), newBrowser())
		for _, purpose := range []signin.Purpose{signin.ToSignIn, signin.ToAsk} {
			f.wantUseOf(signin.Use{Now: f.now, Link: a.Link, Purpose: purpose, Origin: f.site}, signin.LinkUnknown)
		}
		f.wantOutcome(f.redeemLink(f.redemption(a)), signin.SignedIn)
	}},
	{"OfManyUsesOfALinkOneCounts", func(f *fixture) {
		p := f.promised(f.person("a"), signin.ToAsk, "")
		good := 0
		for _, state := range atOnce(f, parallel, func(int) (signin.LinkState, error) {
			_, state, err := f.Submit(f.Context(), f.submissionWith(useOf(p)))
			return state, err
		}) {
			if state == signin.LinkGood {
				good++
			} else if state != signin.LinkUsed {
				f.Fatalf("a use has state %d", state)
			}
		}
		if good != 1 {
			f.Errorf("%d of %d uses were good", good, parallel)
		}
	}},
}

func useOf(p signin.Promised) signin.Use {
	return signin.Use{Now: p.Now, Link: p.Link.Key, Purpose: p.Link.Purpose, Origin: p.Link.Origin}
}

// wantUse holds a link to how it stands.
func (f *fixture) wantUse(p signin.Promised, want signin.LinkState) {
	f.Helper()
	f.wantUseOf(useOf(p), want)
}

func (f *fixture) wantUseOf(u signin.Use, want signin.LinkState) signin.Link {
	f.Helper()
	link, state, err := f.Link(f.Context(), u)
	f.must(err)
	if state != want {
		f.Fatalf("the link has state %d, want %d: %+v", state, want, link)
	}
	return link
}

package storetest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var accessPromises = []promise{
	{"AnAccessRequestComesBackAsItWasMade", func(f *fixture) {
		a := f.submitted(f.person("a"), f.person("owner"))
		f.wantAccessRequest(a)
		bare := f.submission(f.person("b"))
		bare.Request.Words, bare.Request.Device = "", session.Device{}
		f.wantAccessRequest(f.submits(bare))
		f.wantAccessRequest(a)
	}},
	{"EachOwnerGetsALinkToDecide", func(f *fixture) {
		a := f.submission(f.person("a"), f.person("one"), f.person("two"))
		f.submits(a)
		for _, p := range a.Owners {
			f.wantMessage(f.kept(p.Message.ID), filled(p.Message, true))
			if got := f.wantUseOf(useOf(p), signin.LinkGood); got.Subject != a.Request.ID || got.Address != p.Link.Address {
				f.Fatalf("the link is %+v", got)
			}
		}
	}},
	{"ALinkToAskSaysWhoAsks", func(f *fixture) {
		offer := f.offered(f.person("a"))
		use := f.useOfOffer(offer)
		a := f.submission(f.person("b"), f.person("owner"))
		a.Use = &use
		kept := f.submits(a)
		if kept.Address != offer.Request.Address {
			f.Fatalf("%s asks to be admitted, want %s", kept.Address, offer.Request.Address)
		}
		f.wantAccessRequest(kept)
		f.wantUseOf(use, signin.LinkUsed)
		again := f.submission(f.person("a"))
		again.Use = &use
		f.wantSubmitted(again, signin.LinkUsed)
		f.wantNoAccessRequest(again.Request.ID)
	}},
	{"AnotherLinkThanOneToAskIsNoUse", func(f *fixture) {
		p := f.promised(f.person("a"), signin.ToDecide, "x")
		use := useOf(p)
		use.Purpose = signin.ToAsk
		a := f.submission(f.person("a"), f.person("owner"))
		a.Use = &use
		f.wantSubmitted(a, signin.LinkUnknown)
		use.Link = newLink()
		f.wantSubmitted(a, signin.LinkTooOld)
		f.wantNoAccessRequest(a.Request.ID)
		f.wantUseOf(useOf(a.Owners[0]), signin.LinkTooOld)
	}},
	{"WhoHasAskedIsNotToldOfAgain", func(f *fixture) {
		who, owner := f.person("a"), f.person("owner")
		first := f.submitted(who, owner)
		again := f.submission(who, owner)
		f.wantSameAccessRequest(f.submits(again), first)
		f.wantNoAccessRequest(again.Request.ID)
		f.wantUseOf(useOf(again.Owners[0]), signin.LinkTooOld)
		other := f.submission(f.person("b"), owner)
		f.wantAccessRequest(f.submits(other))
		elsewhere := f.submission(who, owner)
		elsewhere.Request.GrantOrigin = "https://elsewhere.example.com"
		f.wantAccessRequest(f.submits(elsewhere))
	}},
	{"WhoWasRefusedCannotAskAgainForAWhile", func(f *fixture) {
		who := f.person("a")
		a := f.submitted(who)
		refused, _ := f.decided(a, access.Refused)
		f.wantSameAccessRequest(f.submits(f.submission(who)), refused)
		later := f.submission(who)
		later.Now = a.Asked.Add(access.Kept - time.Millisecond)
		f.wantSameAccessRequest(f.submits(later), refused)
		later.Now = a.Asked.Add(access.Kept)
		later.Request.Asked = later.Now
		if kept := f.submits(later); kept.ID != later.Request.ID {
			f.Fatalf("who asks after a week gets %+v", kept)
		}
	}},
	{"WhoseGrantIsOverMayAskAgain", func(f *fixture) {
		who := f.person("a")
		approved, _ := f.decided(f.submitted(who), access.Granted)
		f.wantSameAccessRequest(f.submits(f.submission(who)), approved)
		f.changed(who, func(p *people.Person) { p.Grants = nil })
		again := f.submission(who)
		if kept := f.submits(again); kept.ID != again.Request.ID {
			f.Fatalf("who asks after the grant is over gets %+v", kept)
		}
	}},
	{"OwnersAreToldOfSomeADay", func(f *fixture) {
		owner := f.person("owner")
		for i := range access.MaxMessages {
			f.submitted(f.person(fmt.Sprint("p", i)), owner)
		}
		a := f.submission(f.person("late"), owner)
		f.wantAccessRequest(f.submits(a))
		f.wantUseOf(useOf(a.Owners[0]), signin.LinkTooOld)
		if _, found, err := f.Message(f.Context(), a.Owners[0].Message.ID); found || err != nil {
			f.Fatalf("the message is kept: %v, %v", found, err)
		}
		next := f.submission(f.person("later"), owner)
		next.Now = f.now.Add(24*time.Hour + 24*time.Hour/16) // as coarse as limits are
		next.Request.Asked = next.Now
		f.submits(next)
		f.wantUseOf(useOf(next.Owners[0]), signin.LinkGood)
	}},
	{"AnOwnerWhoseMailboxIsBlockedIsNotTold", func(f *fixture) {
		f.blocks(f.person("one"))
		a := f.submission(f.person("a"), f.person("one"), f.person("two"))
		f.submits(a)
		f.wantUseOf(useOf(a.Owners[0]), signin.LinkTooOld)
		f.wantUseOf(useOf(a.Owners[1]), signin.LinkGood)
	}},
	{"OpenApplicationsAreListedTheOldestFirst", func(f *fixture) {
		var want []string
		for i := range 6 {
			a := f.submission(f.person(fmt.Sprint("p", i)))
			a.Request.Asked = f.now.Add(time.Duration(i-10) * time.Minute)
			kept := f.submits(a)
			if i == 2 {
				f.decided(kept, access.Refused)
				continue
			}
			want = append(want, kept.ID)
		}
		for max := 1; max <= len(want)+1; max++ {
			var got []string
			for after := ""; ; {
				list, next, err := f.AccessRequests(f.Context(), after, max, f.now)
				f.must(err)
				for _, a := range list {
					got = append(got, a.ID)
				}
				if after = next; after == "" {
					break
				}
			}
			if !slices.Equal(got, want) {
				f.Fatalf("%d at a time are listed %v, want %v", max, got, want)
			}
		}
	}},
	{"AnAccessRequestIsOverAfterAWhile", func(f *fixture) {
		a := f.submitted(f.person("a"))
		end := a.Asked.Add(access.Kept)
		if _, err := f.AccessRequest(f.Context(), a.ID, end.Add(-time.Millisecond)); err != nil {
			f.Fatal(err)
		}
		if _, err := f.AccessRequest(f.Context(), a.ID, end); !errors.Is(err, access.ErrUnknown) {
			f.Fatalf("an access request that is over: %v", err)
		}
		if list, _, err := f.AccessRequests(f.Context(), "", 10, end); len(list) > 0 || err != nil {
			f.Fatalf("%d access requests are listed, %v", len(list), err)
		}
		d := f.deciding(a, access.Granted)
		d.Now = end
		if _, _, err := f.Decide(f.Context(), d); !errors.Is(err, access.ErrUnknown) {
			f.Fatalf("deciding about an access request that is over: %v", err)
		}
		f.wantUnknown(a.Address)
	}},
}

// applying is somebody asking to be admitted, of which the owners are told.
func (f *fixture) submission(who address.Address, owners ...address.Address) access.Submission {
	a := access.Submission{Now: f.now, Request: access.Request{
		ID: rand.Text(), Address: who, Origin: f.site + ":8443", GrantOrigin: f.site, Words: "let me in é\u2028", Asked: f.now,
		Device: session.Device{Browser: "Firefox", Network: "203.0.113.0/24"},
	}}
	for _, owner := range owners {
		p := f.promising(owner, signin.ToDecide, address.Address(a.Request.ID))
		p.Message.Kind = outbox.Approve
		a.Owners = append(a.Owners, p)
	}
	return a
}

func (f *fixture) submits(a access.Submission) access.Request {
	f.Helper()
	return f.wantSubmitted(a, signin.LinkGood)
}

func (f *fixture) wantSubmitted(a access.Submission, want signin.LinkState) access.Request {
	f.Helper()
	kept, outcome, err := f.Submit(f.Context(), a)
	f.must(err)
	if outcome != want {
		f.Fatalf("submitting has state %d, want %d", outcome, want)
	}
	return kept
}

// applied is an access request that was kept.
func (f *fixture) submitted(who address.Address, owners ...address.Address) access.Request {
	f.Helper()
	a := f.submission(who, owners...)
	kept := f.submits(a)
	f.wantSameAccessRequest(kept, a.Request)
	return kept
}

func (f *fixture) wantAccessRequest(want access.Request) {
	f.Helper()
	got, err := f.AccessRequest(f.Context(), want.ID, f.now)
	f.must(err)
	f.wantSameAccessRequest(got, want)
}

func (f *fixture) wantSameAccessRequest(got, want access.Request) {
	f.Helper()
	for _, t := range []*time.Time{&got.Asked, &got.Until, &got.Decided, &want.Asked, &want.Until, &want.Decided} {
		*t = t.UTC()
	}
	if got != want {
		f.Fatalf("the access request is\n%+v, want\n%+v", got, want)
	}
}

func (f *fixture) wantNoAccessRequest(id string) {
	f.Helper()
	if got, err := f.AccessRequest(f.Context(), id, f.now); !errors.Is(err, access.ErrUnknown) {
		f.Fatalf("there is an access request: %+v, %v", got, err)
	}
}

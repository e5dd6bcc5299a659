package storetest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/entry"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var applicationPromises = []promise{
	{"AnApplicationComesBackAsItWasMade", func(f *fixture) {
		a := f.applied(f.person("a"), f.person("owner"))
		f.wantApplication(a)
		bare := f.applying(f.person("b"))
		bare.Application.Words, bare.Application.Device = "", session.Device{}
		f.wantApplication(f.applies(bare))
		f.wantApplication(a)
	}},
	{"EachOwnerGetsALinkToDecide", func(f *fixture) {
		a := f.applying(f.person("a"), f.person("one"), f.person("two"))
		f.applies(a)
		for _, p := range a.Owners {
			f.wantMessage(f.kept(p.Message.ID), filled(p.Message, true))
			if got := f.wantUseOf(useOf(p), signin.LinkGood); got.Subject != a.Application.ID || got.Address != p.Link.Address {
				f.Fatalf("the link is %+v", got)
			}
		}
	}},
	{"ALinkToAskSaysWhoAsks", func(f *fixture) {
		offer := f.offered(f.person("a"))
		use := f.useOfOffer(offer)
		a := f.applying(f.person("b"), f.person("owner"))
		a.Use = &use
		kept := f.applies(a)
		if kept.Address != offer.Request.Address {
			f.Fatalf("%s asks to be admitted, want %s", kept.Address, offer.Request.Address)
		}
		f.wantApplication(kept)
		f.wantUseOf(use, signin.LinkUsed)
		again := f.applying(f.person("a"))
		again.Use = &use
		f.wantApplied(again, signin.LinkUsed)
		f.wantNoApplication(again.Application.ID)
	}},
	{"AnotherLinkThanOneToAskIsNoUse", func(f *fixture) {
		p := f.promised(f.person("a"), signin.ToDecide, "x")
		use := useOf(p)
		use.Purpose = signin.ToAsk
		a := f.applying(f.person("a"), f.person("owner"))
		a.Use = &use
		f.wantApplied(a, signin.LinkUnknown)
		use.Link = newLink()
		f.wantApplied(a, signin.LinkTooOld)
		f.wantNoApplication(a.Application.ID)
		f.wantUseOf(useOf(a.Owners[0]), signin.LinkTooOld)
	}},
	{"WhoHasAskedIsNotToldOfAgain", func(f *fixture) {
		who, owner := f.person("a"), f.person("owner")
		first := f.applied(who, owner)
		again := f.applying(who, owner)
		f.wantSameApplication(f.applies(again), first)
		f.wantNoApplication(again.Application.ID)
		f.wantUseOf(useOf(again.Owners[0]), signin.LinkTooOld)
		other := f.applying(f.person("b"), owner)
		f.wantApplication(f.applies(other))
		elsewhere := f.applying(who, owner)
		elsewhere.Application.Granted = "https://elsewhere.example.com"
		f.wantApplication(f.applies(elsewhere))
	}},
	{"WhoWasRefusedCannotAskAgainForAWhile", func(f *fixture) {
		who := f.person("a")
		a := f.applied(who)
		refused, _ := f.decided(a, entry.Refused)
		f.wantSameApplication(f.applies(f.applying(who)), refused)
		later := f.applying(who)
		later.Now = a.Asked.Add(entry.Kept - time.Millisecond)
		f.wantSameApplication(f.applies(later), refused)
		later.Now = a.Asked.Add(entry.Kept)
		later.Application.Asked = later.Now
		if kept := f.applies(later); kept.ID != later.Application.ID {
			f.Fatalf("who asks after a week gets %+v", kept)
		}
	}},
	{"WhoseGrantIsOverMayAskAgain", func(f *fixture) {
		who := f.person("a")
		approved, _ := f.decided(f.applied(who), entry.Approved)
		f.wantSameApplication(f.applies(f.applying(who)), approved)
		f.changed(who, func(p *people.Person) { p.Grants = nil })
		again := f.applying(who)
		if kept := f.applies(again); kept.ID != again.Application.ID {
			f.Fatalf("who asks after the grant is over gets %+v", kept)
		}
	}},
	{"ManyApplicationsOfASiteAreEnough", func(f *fixture) {
		first := f.applied(f.person("p"))
		for i := range entry.MaxOpen - 1 {
			f.applied(f.person(fmt.Sprint("p", i)))
		}
		a := f.applying(f.person("late"), f.person("owner"))
		offer := f.offered(a.Application.Address)
		use := f.useOfOffer(offer)
		a.Use = &use
		if _, _, err := f.Apply(f.Context(), a); !errors.Is(err, entry.ErrFull) {
			f.Fatalf("one application too many: %v", err)
		}
		f.wantNoApplication(a.Application.ID)
		f.wantUseOf(use, signin.LinkGood)
		f.wantUseOf(useOf(a.Owners[0]), signin.LinkTooOld)
		elsewhere := f.applying(a.Application.Address)
		elsewhere.Application.Granted = "https://elsewhere.example.com"
		f.applies(elsewhere) // where there is room
		f.decided(first, entry.Refused)
		f.applies(a)
	}},
	{"OwnersAreToldOfSomeADay", func(f *fixture) {
		owner := f.person("owner")
		for i := range entry.MaxMessages {
			f.applied(f.person(fmt.Sprint("p", i)), owner)
		}
		a := f.applying(f.person("late"), owner)
		f.wantApplication(f.applies(a))
		f.wantUseOf(useOf(a.Owners[0]), signin.LinkTooOld)
		if _, found, err := f.Message(f.Context(), a.Owners[0].Message.ID); found || err != nil {
			f.Fatalf("the message is kept: %v, %v", found, err)
		}
		next := f.applying(f.person("later"), owner)
		next.Now = f.now.Add(24 * time.Hour)
		next.Application.Asked = next.Now
		f.applies(next)
		f.wantUseOf(useOf(next.Owners[0]), signin.LinkGood)
	}},
	{"AnOwnerWhoseMailboxIsBlockedIsNotTold", func(f *fixture) {
		f.blocks(f.person("one"))
		a := f.applying(f.person("a"), f.person("one"), f.person("two"))
		f.applies(a)
		f.wantUseOf(useOf(a.Owners[0]), signin.LinkTooOld)
		f.wantUseOf(useOf(a.Owners[1]), signin.LinkGood)
	}},
	{"OpenApplicationsAreListedTheOldestFirst", func(f *fixture) {
		var want []string
		for i := range 6 {
			a := f.applying(f.person(fmt.Sprint("p", i)))
			a.Application.Asked = f.now.Add(time.Duration(i-10) * time.Minute)
			kept := f.applies(a)
			if i == 2 {
				f.decided(kept, entry.Refused)
				continue
			}
			want = append(want, kept.ID)
		}
		for max := 1; max <= len(want)+1; max++ {
			var got []string
			for after := ""; ; {
				list, next, err := f.Applications(f.Context(), after, max, f.now)
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
	{"AnApplicationIsOverAfterAWhile", func(f *fixture) {
		a := f.applied(f.person("a"))
		end := a.Asked.Add(entry.Kept)
		if _, err := f.Application(f.Context(), a.ID, end.Add(-time.Millisecond)); err != nil {
			f.Fatal(err)
		}
		if _, err := f.Application(f.Context(), a.ID, end); !errors.Is(err, entry.ErrUnknown) {
			f.Fatalf("an application that is over: %v", err)
		}
		if list, _, err := f.Applications(f.Context(), "", 10, end); len(list) > 0 || err != nil {
			f.Fatalf("%d applications are listed, %v", len(list), err)
		}
		d := f.deciding(a, entry.Approved)
		d.Now = end
		if _, _, err := f.Decide(f.Context(), d); !errors.Is(err, entry.ErrUnknown) {
			f.Fatalf("deciding about an application that is over: %v", err)
		}
		f.wantUnknown(a.Address)
	}},
}

// applying is somebody asking to be admitted, of which the owners are told.
func (f *fixture) applying(who address.Address, owners ...address.Address) entry.Applying {
	a := entry.Applying{Now: f.now, Application: entry.Application{
		ID: rand.Text(), Address: who, Site: f.site + ":8443", Granted: f.site, Words: "let me in é\u2028", Asked: f.now,
		Device: session.Device{Browser: "Firefox", Network: "203.0.113.0/24"},
	}}
	for _, owner := range owners {
		p := f.promising(owner, signin.ToDecide, address.Address(a.Application.ID))
		p.Message.Kind = outbox.Approve
		a.Owners = append(a.Owners, p)
	}
	return a
}

func (f *fixture) applies(a entry.Applying) entry.Application {
	f.Helper()
	return f.wantApplied(a, signin.LinkGood)
}

func (f *fixture) wantApplied(a entry.Applying, want signin.LinkState) entry.Application {
	f.Helper()
	kept, outcome, err := f.Apply(f.Context(), a)
	f.must(err)
	if outcome != want {
		f.Fatalf("applying has outcome %d, want %d", outcome, want)
	}
	return kept
}

// applied is an application that was kept.
func (f *fixture) applied(who address.Address, owners ...address.Address) entry.Application {
	f.Helper()
	a := f.applying(who, owners...)
	kept := f.applies(a)
	f.wantSameApplication(kept, a.Application)
	return kept
}

func (f *fixture) wantApplication(want entry.Application) {
	f.Helper()
	got, err := f.Application(f.Context(), want.ID, f.now)
	f.must(err)
	f.wantSameApplication(got, want)
}

func (f *fixture) wantSameApplication(got, want entry.Application) {
	f.Helper()
	for _, t := range []*time.Time{&got.Asked, &got.Until, &got.Decided, &want.Asked, &want.Until, &want.Decided} {
		*t = t.UTC()
	}
	if got != want {
		f.Fatalf("the application is\n%+v, want\n%+v", got, want)
	}
}

func (f *fixture) wantNoApplication(id string) {
	f.Helper()
	if got, err := f.Application(f.Context(), id, f.now); !errors.Is(err, entry.ErrUnknown) {
		f.Fatalf("there is an application: %+v, %v", got, err)
	}
}

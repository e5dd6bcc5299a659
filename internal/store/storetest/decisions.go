package storetest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/entry"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var decisionPromises = []promise{
	{"WhoIsApprovedGetsAGrantAndALink", func(f *fixture) {
		who := f.person("a")
		a := f.applying(who, f.person("one"), f.person("two"))
		applied := f.applies(a)
		d := f.deciding(applied, entry.Approved)
		use := useOf(a.Owners[1])
		d.Use = &use
		decided, first := f.decides(d)
		if !first {
			f.Error("the first decision is not the first")
		}
		f.wantSameApplication(decided, d.Application)
		f.wantApplication(d.Application)
		known := f.known(who)
		f.wantSamePerson(known, people.Person{Address: who, Added: known.Added, Revision: 1, Standing: people.Standing{Grants: []people.Grant{{Site: f.site, Until: d.Application.Until}}}})
		for _, p := range a.Owners {
			if got := f.wantUseOf(useOf(p), signin.LinkUsed); got.Subject != applied.ID {
				f.Fatalf("the used link is %+v", got)
			}
		}
		f.wantMessage(f.kept(d.Link.Message.ID), filled(d.Link.Message, true))
		r := f.redemptionOf(d.Link)
		f.wantOutcome(f.redeemLink(r), signin.SignedIn)
		f.wantStanding(r.Session.Key, &known.Standing)
	}},
	{"WhoIsRefusedGetsNothing", func(f *fixture) {
		who := f.person("a")
		a := f.applying(who, f.person("one"))
		d := f.deciding(f.applies(a), entry.Refused)
		decided, first := f.decides(d)
		if !first || decided.Decision != entry.Refused || decided.By != d.Application.By {
			f.Fatalf("it is decided %+v, first %v", decided, first)
		}
		f.wantUnknown(who)
		f.wantUseOf(useOf(a.Owners[0]), signin.LinkUsed)
		if _, found, err := f.Message(f.Context(), d.Link.Message.ID); found || err != nil {
			f.Fatalf("the message is kept: %v, %v", found, err)
		}
	}},
	{"TheFirstDecisionCounts", func(f *fixture) {
		who := f.person("a")
		a := f.applying(who, f.person("one"), f.person("two"))
		applied := f.applies(a)
		one, two := useOf(a.Owners[0]), useOf(a.Owners[1])
		d := f.deciding(applied, entry.Refused)
		d.Use = &one
		refused, _ := f.decides(d)
		for _, use := range []*signin.Use{&one, &two, nil} {
			late := f.deciding(applied, entry.Approved)
			late.Use = use
			decided, first := f.decides(late)
			if first {
				f.Error("a second decision is the first")
			}
			f.wantSameApplication(decided, refused)
		}
		f.wantUnknown(who)
	}},
	{"ALinkOfAnotherApplicationDecidesNothing", func(f *fixture) {
		owner := f.person("owner")
		a, b := f.applying(f.person("a"), owner), f.applying(f.person("b"), owner)
		f.applies(a)
		d := f.deciding(f.applies(b), entry.Approved)
		other, forged, elsewhere, over := useOf(a.Owners[0]), useOf(b.Owners[0]), useOf(b.Owners[0]), useOf(b.Owners[0])
		forged.Link, elsewhere.Site, over.Now = newLink(), "https://other.example.com", b.Owners[0].Link.Expires
		purpose := useOf(b.Owners[0])
		purpose.Purpose = signin.ToAsk
		for i, use := range []signin.Use{other, forged, elsewhere, over, purpose} {
			d.Use = &use
			if decided, first, err := f.Decide(f.Context(), d); !errors.Is(err, entry.ErrUnknown) || first {
				f.Fatalf("link %d decides: %+v, %v, %v", i, decided, first, err)
			}
		}
		f.wantUnknown(f.person("b"))
		f.wantUse(a.Owners[0], signin.LinkGood)
		f.wantUse(b.Owners[0], signin.LinkGood)
	}},
	{"NobodyDecidesAboutNothing", func(f *fixture) {
		a := f.applying(f.person("a")).Application
		if _, _, err := f.Decide(f.Context(), f.deciding(a, entry.Approved)); !errors.Is(err, entry.ErrUnknown) {
			f.Fatalf("deciding about nothing: %v", err)
		}
		a = f.applied(f.person("a"))
		if _, _, err := f.Decide(f.Context(), f.deciding(a, entry.Open)); err == nil {
			f.Fatal("no decision was taken for one")
		}
		f.wantApplication(a)
	}},
	{"AGrantReplacesTheOneBefore", func(f *fixture) {
		who := f.person("a")
		f.changed(who, func(p *people.Person) {
			p.Grants = []people.Grant{{Site: f.site, Until: time.Now().Add(time.Hour)}, {Site: "x"}}
		})
		d := f.deciding(f.applied(who), entry.Approved)
		d.Application.Until = time.Time{}
		f.decides(d)
		if got := f.known(who).Grants; !slices.Equal(got, []people.Grant{{Site: "x"}, {Site: f.site}}) {
			f.Fatalf("the grants are %+v", got)
		}
	}},
	{"SessionsOfWhoIsApprovedFollow", func(f *fixture) {
		who := f.person("a")
		s := f.signIn(who)
		changes := f.listenToChanges()
		f.decided(f.applied(who), entry.Approved)
		changes.want(f, s.Key, true)
		f.wantStanding(s.Key, f.standingOf(who))
		if known := f.known(who); known.Revision != 2 || len(known.Grants) != 1 {
			f.Fatalf("who was approved is %+v", known)
		}
	}},
	{"OfManyDecisionsAtTheSameTimeOneIsFirst", func(f *fixture) {
		who := f.person("a")
		var owners []address.Address
		for i := range 4 {
			owners = append(owners, f.person(fmt.Sprint("owner", i)))
		}
		a := f.applying(who, owners...)
		applied := f.applies(a)
		type result struct {
			entry.Application
			first bool
			link  signin.Promised
		}
		results := atOnce(f, parallel, func(i int) (result, error) {
			d := f.deciding(applied, entry.Approved)
			if i%2 == 1 {
				d.Application.Decision = entry.Refused
			}
			d.Application.By = owners[i%len(owners)]
			use := useOf(a.Owners[i%len(owners)])
			d.Use = &use
			decided, first, err := f.Decide(f.Context(), d)
			return result{decided, first, d.Link}, err
		})
		firsts, messages := 0, 0
		for _, r := range results {
			f.wantSameApplication(r.Application, results[0].Application)
			if r.first {
				firsts++
			}
			if _, found, err := f.Message(f.Context(), r.link.Message.ID); err != nil {
				f.Fatal(err)
			} else if found {
				messages++
			}
		}
		approved := results[0].Decision == entry.Approved
		if _, known, _ := f.Person(f.Context(), who); firsts != 1 || known != approved || (messages == 1) != approved || messages > 1 {
			f.Fatalf("%d decisions were first, it is %q, the person is known: %v, %d messages", firsts, results[0].Decision, known, messages)
		}
	}},
}

// deciding is an admin's decision.
func (f *fixture) deciding(a entry.Application, decision entry.Decision) entry.Deciding {
	a.Decision, a.By, a.Decided = decision, f.person("admin"), f.now
	if decision == entry.Approved {
		a.Until = time.Now().Add(24 * time.Hour).Truncate(time.Millisecond)
	}
	d := entry.Deciding{Now: f.now, Application: a, Link: f.promising(a.Address, signin.ToSignIn, "")}
	d.Link.Message.Kind = outbox.Approved
	return d
}

func (f *fixture) decides(d entry.Deciding) (entry.Application, bool) {
	f.Helper()
	decided, first, err := f.Decide(f.Context(), d)
	f.must(err)
	return decided, first
}

func (f *fixture) decided(a entry.Application, decision entry.Decision) (entry.Application, bool) {
	f.Helper()
	return f.decides(f.deciding(a, decision))
}

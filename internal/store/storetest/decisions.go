package storetest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var decisionPromises = []promise{
	{"WhoIsApprovedGetsAGrantAndALink", func(f *fixture) {
		who := f.person("a")
		a := f.submission(who, f.person("one"), f.person("two"))
		applied := f.submits(a)
		d := f.deciding(applied, access.Granted)
		use := useOf(a.Owners[1])
		d.Use = &use
		decided, first := f.decides(d)
		if !first {
			f.Error("the first decision is not the first")
		}
		f.wantSameAccessRequest(decided, after(applied, d))
		f.wantAccessRequest(after(applied, d))
		known := f.known(who)
		f.wantSamePerson(known, people.Person{Address: who, Added: known.Added, Revision: 1, Standing: people.Standing{Grants: []people.Grant{{Origin: f.site, Until: d.Until}}}})
		for _, p := range a.Owners {
			if got := f.wantUseOf(useOf(p), signin.LinkUsed); got.Subject != applied.ID {
				f.Fatalf("the used link is %+v", got)
			}
		}
		f.wantMessage(f.kept(d.Welcome.Message.ID), filled(d.Welcome.Message, true))
		r := f.redemptionOf(d.Welcome)
		f.wantOutcome(f.redeemLink(r), signin.SignedIn)
		f.wantStanding(r.Session.Key, &known.Standing)
	}},
	{"WhoIsRefusedGetsNothing", func(f *fixture) {
		who := f.person("a")
		a := f.submission(who, f.person("one"))
		d := f.deciding(f.submits(a), access.Refused)
		decided, first := f.decides(d)
		if !first || decided.State != access.Refused || decided.By != d.By {
			f.Fatalf("it is decided %+v, first %v", decided, first)
		}
		f.wantUnknown(who)
		f.wantUseOf(useOf(a.Owners[0]), signin.LinkUsed)
		if _, found, err := f.Message(f.Context(), d.Welcome.Message.ID); found || err != nil {
			f.Fatalf("the message is kept: %v, %v", found, err)
		}
	}},
	{"TheFirstDecisionCounts", func(f *fixture) {
		who := f.person("a")
		a := f.submission(who, f.person("one"), f.person("two"))
		applied := f.submits(a)
		one, two := useOf(a.Owners[0]), useOf(a.Owners[1])
		d := f.deciding(applied, access.Refused)
		d.Use = &one
		refused, _ := f.decides(d)
		for _, use := range []*signin.Use{&one, &two, nil} {
			late := f.deciding(applied, access.Granted)
			late.Use = use
			decided, first := f.decides(late)
			if first {
				f.Error("a second decision is the first")
			}
			f.wantSameAccessRequest(decided, refused)
		}
		f.wantUnknown(who)
	}},
	{"ALinkOfAnotherAccessRequestDecidesNothing", func(f *fixture) {
		owner := f.person("owner")
		a, b := f.submission(f.person("a"), owner), f.submission(f.person("b"), owner)
		f.submits(a)
		d := f.deciding(f.submits(b), access.Granted)
		other, forged, elsewhere, over := useOf(a.Owners[0]), useOf(b.Owners[0]), useOf(b.Owners[0]), useOf(b.Owners[0])
		forged.Link, elsewhere.Origin, over.Now = newLink(), "https://other.example.com", b.Owners[0].Link.Expires
		purpose := useOf(b.Owners[0])
		purpose.Purpose = signin.ToAsk
		for i, use := range []signin.Use{other, forged, elsewhere, over, purpose} {
			d.Use = &use
			if decided, first, err := f.Decide(f.Context(), d); !errors.Is(err, access.ErrUnknown) || first {
				f.Fatalf("link %d decides: %+v, %v, %v", i, decided, first, err)
			}
		}
		f.wantUnknown(f.person("b"))
		f.wantUse(a.Owners[0], signin.LinkGood)
		f.wantUse(b.Owners[0], signin.LinkGood)
	}},
	{"WhoWasDisabledIsToldOfNoAccessRequest", func(f *fixture) {
		owner := f.person("owner")
		f.signIn(owner)
		a := f.submission(f.person("a"), owner)
		f.submits(a)
		f.disables(owner)
		f.wantUse(a.Owners[0], signin.LinkUnknown)
	}},
	{"NobodyDecidesAboutNothing", func(f *fixture) {
		a := f.submission(f.person("a")).Request
		if _, _, err := f.Decide(f.Context(), f.deciding(a, access.Granted)); !errors.Is(err, access.ErrUnknown) {
			f.Fatalf("deciding about nothing: %v", err)
		}
		a = f.submitted(f.person("a"))
		if _, _, err := f.Decide(f.Context(), f.deciding(a, access.Open)); err == nil {
			f.Fatal("no decision was taken for one")
		}
		f.wantAccessRequest(a)
	}},
	{"AGrantReplacesTheOneBefore", func(f *fixture) {
		who := f.person("a")
		f.changed(who, func(p *people.Person) {
			p.Grants = []people.Grant{{Origin: f.site, Until: time.Now().Add(time.Hour)}, {Origin: "x"}}
		})
		d := f.deciding(f.submitted(who), access.Granted)
		d.Until = time.Time{}
		f.decides(d)
		if got := f.known(who).Grants; !slices.Equal(got, []people.Grant{{Origin: "x"}, {Origin: f.site}}) {
			f.Fatalf("the grants are %+v", got)
		}
	}},
	{"SessionsOfWhoIsApprovedFollow", func(f *fixture) {
		who := f.person("a")
		s := f.signIn(who)
		changes := f.listenToChanges()
		f.decided(f.submitted(who), access.Granted)
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
		a := f.submission(who, owners...)
		applied := f.submits(a)
		type result struct {
			access.Request
			first bool
			link  signin.Promised
		}
		results := atOnce(f, parallel, func(i int) (result, error) {
			d := f.deciding(applied, access.Granted)
			if i%2 == 1 {
				d.State = access.Refused
			}
			d.By = owners[i%len(owners)]
			use := useOf(a.Owners[i%len(owners)])
			d.Use = &use
			decided, first, err := f.Decide(f.Context(), d)
			return result{decided, first, d.Welcome}, err
		})
		firsts, messages := 0, 0
		for _, r := range results {
			f.wantSameAccessRequest(r.Request, results[0].Request)
			if r.first {
				firsts++
			}
			if _, found, err := f.Message(f.Context(), r.link.Message.ID); err != nil {
				f.Fatal(err)
			} else if found {
				messages++
			}
		}
		approved := results[0].State == access.Granted
		if _, known, _ := f.Person(f.Context(), who); firsts != 1 || known != approved || (messages == 1) != approved || messages > 1 {
			f.Fatalf("%d decisions were first, it is %q, the person is known: %v, %d messages", firsts, results[0].State, known, messages)
		}
	}},
}

// deciding is an admin's decision.
func (f *fixture) deciding(r access.Request, state access.State) access.Decision {
	d := access.Decision{Now: f.now, ID: r.ID, State: state, By: f.person("admin"), Welcome: f.promising(r.Address, signin.ToSignIn, "")}
	if state == access.Granted {
		d.Until = time.Now().Add(24 * time.Hour).Truncate(time.Millisecond)
	}
	d.Welcome.Message.Kind = outbox.Approved
	return d
}

// after is a request as a decision leaves it.
func after(r access.Request, d access.Decision) access.Request {
	r.State, r.Until, r.By, r.Decided = d.State, d.Until, d.By, d.Now
	return r
}

func (f *fixture) decides(d access.Decision) (access.Request, bool) {
	f.Helper()
	decided, first, err := f.Decide(f.Context(), d)
	f.must(err)
	return decided, first
}

func (f *fixture) decided(a access.Request, decision access.State) (access.Request, bool) {
	f.Helper()
	return f.decides(f.deciding(a, decision))
}

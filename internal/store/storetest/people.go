package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var peoplePromises = []promise{
	{"SomebodyWhoNeverCameIsNotKnown", func(f *fixture) {
		who := f.person("a")
		f.wantUnknown(who)
		f.ask(f.asking(who, newBrowser()))
		f.wantUnknown(who)
	}},
	{"TheFirstSignInMakesSomebodyKnown", func(f *fixture) {
		who := f.person("a")
		r := f.redemption(f.asked(who, newBrowser()))
		r.Language = "pt"
		f.wantOutcome(f.redeemLink(r), signin.SignedIn)
		f.wantPerson(people.Person{Address: who, Added: r.Now, Proven: r.Now, Language: "pt", Revision: 1})
		f.signIn(who)
		f.wantPerson(people.Person{Address: who, Added: r.Now, Proven: r.Now, Language: "pt", Revision: 1})
	}},
	{"AChangeMakesSomebodyKnownWhoIsNotProven", func(f *fixture) {
		who := f.person("a")
		added := f.changed(who, func(*people.Person) {})
		if age := time.Since(added.Added); age < -time.Second || age > time.Minute || added.Revision != 1 || !added.Proven.IsZero() {
			f.Fatalf("somebody new is %+v", added)
		}
		f.wantPerson(added)
		f.wantWelcome(f.asked(who, newBrowser()), true)
		r := f.redemption(f.asked(who, newBrowser()))
		redeemed := f.redeemLink(r)
		f.wantOutcome(redeemed, signin.SignedIn)
		if !redeemed.NewPerson {
			f.Error("who proves an address for the first time is not new")
		}
		added.Proven = r.Now
		f.wantPerson(added)
		f.wantWelcome(f.asked(who, newBrowser()), false)
	}},
	{"ChangesAreCountedAndKeptInOneForm", func(f *fixture) {
		who, later := f.person("a"), time.Now().Add(time.Hour).Truncate(time.Millisecond)
		f.changed(who, func(p *people.Person) { p.Groups = []string{"b", "a", "b"} })
		p := f.changed(who, func(p *people.Person) {
			p.Grants = append(p.Grants, people.Grant{Origin: "x"}, people.Grant{Origin: "y", Until: time.Now().Add(-time.Second)}, people.Grant{Origin: "x", Until: later})
		})
		want := people.Person{Address: who, Added: p.Added, Revision: 2, Standing: people.Standing{Groups: []string{"a", "b"}, Grants: []people.Grant{{Origin: "x", Until: later}}}}
		f.wantSamePerson(p, want)
		f.wantPerson(want)
		f.wantSamePerson(f.changed(who, func(p *people.Person) { slices.Reverse(p.Groups) }), want)
		want.Standing, want.Revision = people.Standing{}, 3
		f.wantSamePerson(f.changed(who, func(p *people.Person) { p.Groups, p.Grants = nil, nil }), want)
		want.Disabled, want.Revision = true, 4
		f.wantSamePerson(f.changed(who, func(p *people.Person) { p.Disabled = true }), want)
	}},
	{"NothingElseOfAPersonIsChanged", func(f *fixture) {
		who := f.person("a")
		f.signIn(who)
		before := f.known(who)
		f.changed(who, func(p *people.Person) {
			*p = people.Person{Address: f.person("b"), Recovery: f.person("c"), Language: "xx", Revision: 77, Barred: "d@ex.com"}
		})
		f.wantPerson(before)
	}},
	{"AChangeThatFailsChangesNothing", func(f *fixture) {
		who, sorry := f.person("a"), errors.New("sorry")
		for _, change := range []people.Person{{Disabled: true}, {Standing: people.Standing{Groups: []string{"a"}}}} {
			_, err := f.ChangePerson(f.Context(), who, f.now, func(p *people.Person) error {
				p.Disabled, p.Groups = change.Disabled, change.Groups
				return sorry
			})
			if !errors.Is(err, sorry) {
				f.Fatalf("the error is %v", err)
			}
		}
		f.wantUnknown(who)
	}},
	{"DisablingSomebodyEndsAllTheyHave", disabled},
	{"WhoIsEnabledAgainMayComeIn", func(f *fixture) {
		who := f.person("a")
		f.changed(who, func(p *people.Person) { p.Disabled = true })
		f.wantSilent(f.ask(f.asking(who, newBrowser())), signin.SilentNotAllowed)
		f.changed(who, func(p *people.Person) { p.Disabled = false })
		f.wantFound(f.signIn(who).Key, true)
	}},
	{"RemovingSomebodyForgetsAllTheyHave", removed},
	{"RemovingSomebodyWhoHasNothingIsAnError", func(f *fixture) {
		who := f.person("a")
		for range 2 {
			if err := f.RemovePerson(f.Context(), who, f.now); !errors.Is(err, people.ErrUnknown) {
				f.Fatalf("removing somebody unknown: %v", err)
			}
		}
		a := f.asked(who, newBrowser()) // something
		f.must(f.RemovePerson(f.Context(), who, f.now))
		f.wantLink(a, f.now, signin.Used)
	}},
	{"PeopleAreListedInOrderAPageAtATime", listed},
	{"OfChangesAtTheSameTimeNoneIsLost", func(f *fixture) {
		const changes = 20
		who := f.person("a")
		s := f.signIn(who)
		atOnce(f, changes, func(i int) (people.Person, error) {
			return f.ChangePerson(f.Context(), who, f.now, func(p *people.Person) error {
				p.Groups = append(p.Groups, fmt.Sprint("g", i))
				return nil
			})
		})
		if p := f.known(who); len(p.Groups) != changes || p.Revision != 1+changes {
			f.Errorf("after %d changes there are %d groups and %d revisions", changes, len(p.Groups), p.Revision)
		}
		f.wantStanding(s.Key, f.standingOf(who))
	}},
	{"NoSessionOfSomebodyDisabledMeanwhileIsLeft", func(f *fixture) {
		for round := range 10 {
			who := f.person(fmt.Sprint("a", round))
			if round%2 == 0 {
				f.signIn(who)
			}
			a := f.asked(who, newBrowser())
			attempts := make([]signin.Redemption, 6)
			for i := range attempts {
				attempts[i] = f.redemption(a)
			}
			atOnce(f, len(attempts)+1, func(i int) (struct{}, error) {
				if i == len(attempts)/2 {
					_, err := f.ChangePerson(f.Context(), who, f.now, func(p *people.Person) error {
						p.Disabled = true
						return nil
					})
					return struct{}{}, err
				}
				_, err := f.RedeemLink(f.Context(), attempts[min(i, len(attempts)-1)])
				return struct{}{}, err
			})
			f.wantSessions(who)
			for _, r := range attempts {
				f.wantFound(r.Session.Key, false)
			}
			f.wantSilent(f.ask(f.asking(who, newBrowser())), signin.SilentNotAllowed)
		}
	}},
}

func disabled(f *fixture) {
	who, other := f.person("a"), f.person("b")
	s, others := f.signIn(who), f.signIn(other)
	a, b := f.asked(who, newBrowser()), f.asked(other, newBrowser())
	invite := f.promised(who, signin.ToSignIn, "")
	ended := f.listen()
	f.changed(who, func(p *people.Person) { p.Disabled = true })
	ended.want(f, s.Key, true)
	ended.want(f, others.Key, false)
	f.wantFound(s.Key, false)
	f.wantSessions(who)
	f.wantSessions(other, others.Key)
	f.wantLink(a, f.now, signin.Used)
	f.wantLink(b, f.now, alive)
	f.wantOutcome(f.redeemCode(f.redemption(a)), signin.RequestEnded)
	r := f.redemption(f.asking(who, newBrowser()))
	r.Link, r.Elsewhere = invite.Link.Key, true
	f.wantOutcome(f.redeemLink(r), signin.Used)
	f.wantSilent(f.ask(f.asking(who, newBrowser())), signin.SilentNotAllowed)
	f.wantSilence(f.promise(f.promising(who, signin.ToSignIn, "")), signin.SilentNotAllowed)
}

func removed(f *fixture) {
	who, other := f.person("a"), f.person("b")
	s, others := f.signIn(who), f.signIn(other)
	f.recovers(who, f.person("second"))
	f.changed(who, func(p *people.Person) { p.Groups = []string{"staff"} })
	a, applied := f.asked(who, newBrowser()), f.submitted(who)
	ended := f.listen()
	f.must(f.RemovePerson(f.Context(), who, f.now))
	ended.want(f, s.Key, true)
	ended.want(f, others.Key, false)
	f.wantUnknown(who)
	f.wantFound(s.Key, false)
	f.wantSessions(other, others.Key)
	f.wantLink(a, f.now, signin.Used)
	f.wantOutcome(f.redeemCode(f.redemption(a)), signin.RequestEnded)
	f.wantNoAccessRequest(applied.ID)
	f.wantSilent(f.ask(f.refusedBut(f.person("second"))), signin.SilentNotAllowed)
	if err := f.RemovePerson(f.Context(), who, f.now); !errors.Is(err, people.ErrUnknown) {
		f.Fatalf("removing somebody who was removed: %v", err)
	}
	r := f.redemption(f.asked(who, newBrowser()))
	redeemed := f.redeemLink(r)
	f.wantOutcome(redeemed, signin.SignedIn)
	if !redeemed.NewPerson {
		f.Error("somebody who was removed is not new when they come again")
	}
	f.wantPerson(people.Person{Address: who, Added: r.Now, Proven: r.Now, Revision: 1})
	f.wantStanding(r.Session.Key, nil)
}

func listed(f *fixture) {
	var all []address.Address
	for _, name := range []string{"b", "a", "d", "c", "ab", "e"} {
		all = append(all, f.person(name))
		f.changed(all[len(all)-1], func(*people.Person) {})
	}
	all = append(all, all[1]+".au") // begins as another
	f.changed(all[len(all)-1], func(*people.Person) {})
	slices.Sort(all)
	mine := strings.ToLower(f.name)
	for size := 1; size <= len(all)+1; size++ {
		var got []address.Address
		for q := (people.Query{Search: mine, Max: size}); ; {
			page, err := f.People(f.Context(), q)
			f.must(err)
			if len(page.People) > size || page.Next != "" && len(page.People) < size {
				f.Fatalf("a page of %d has %d, and another after it: %q", size, len(page.People), page.Next)
			}
			for _, p := range page.People {
				got = append(got, p.Address)
			}
			if q.After = page.Next; q.After == "" {
				break
			}
		}
		if !slices.Equal(got, all) {
			f.Fatalf("by %d are listed %v, want %v", size, got, all)
		}
	}
	page, err := f.People(f.Context(), people.Query{Search: string(f.person("d")), Max: 5})
	f.must(err)
	if len(page.People) != 1 || page.Next != "" {
		f.Fatalf("a search for one finds %+v", page)
	}
	f.wantSamePerson(page.People[0], f.known(f.person("d")))
	if page, err = f.People(f.Context(), people.Query{Search: "nobody-" + mine, Max: 5}); err != nil || len(page.People) > 0 || page.Next != "" {
		f.Fatalf("a search for nobody finds %+v, %v", page, err)
	}
}

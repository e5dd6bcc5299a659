package storetest

import (
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/portal"
	"github.com/doorpost-auth/doorpost/internal/session"
)

var portalPromises = []promise{
	{"ATicketMakesTheSessionOfASite", func(f *fixture) {
		parent := f.signIn(f.person("a"))
		e := f.entry(parent)
		f.wantEntered(e, portal.Entered)
		want := parent.Record
		want.Scope, want.Parent = e.Scope, parent.Key
		got, found, err := f.Session(f.Context(), e.Made, f.now)
		f.must(err)
		if !found {
			f.Fatal("the session of the site is not found")
		}
		f.wantSameRecord(got, want)
		f.wantRecord(parent.Key, parent.Record)
	}},
	{"EnteringIsUse", func(f *fixture) {
		parent := f.signIn(f.person("a"))
		e := f.entry(parent)
		e.Now = f.now.Add(time.Minute)
		f.wantEntered(e, portal.Entered)
		for _, key := range []session.Key{parent.Key, e.Made} {
			got, _, err := f.Session(f.Context(), key, f.now)
			f.must(err)
			if !got.Seen.Equal(e.Now) || !got.Expires.Equal(parent.Expires) {
				f.Errorf("a session was seen %v and ends %v, want %v and %v", got.Seen, got.Expires, e.Now, parent.Expires)
			}
		}
	}},
	{"ATicketIsGoodOnce", func(f *fixture) {
		parent := f.signIn(f.person("a"))
		first := f.entry(parent)
		f.wantEntered(first, portal.Entered)
		f.wantEntered(first, portal.Entered) // sent again, since its answer was lost
		again := f.entry(parent)
		again.Ticket = first.Ticket
		f.wantEntered(again, portal.Used)
		f.wantFound(again.Made, false)
		f.wantFound(first.Made, true)
		f.wantSites(parent, first.Scope)
	}},
	{"ASpentTicketLetsNobodyIn", func(f *fixture) {
		parent := f.signIn(f.person("a"))
		spent := f.entry(parent)
		f.must(f.Spend(f.Context(), f.now, spent.Ticket))
		f.must(f.Spend(f.Context(), f.now, spent.Ticket))
		f.wantEntered(spent, portal.Used)
		f.wantFound(spent.Made, false)
		used := f.entered(parent)
		f.must(f.Spend(f.Context(), f.now, used.Ticket))
		f.wantEntered(used, portal.Entered) // sent again, since its answer was lost
		f.wantFound(used.Made, true)
		f.wantSites(parent, used.Scope)
	}},
	{"TwoTicketsMakeOneSession", func(f *fixture) {
		parent := f.signIn(f.person("a"))
		first := f.entered(parent)
		for range 5 {
			again := f.entry(parent)
			again.Made, again.Scope = first.Made, first.Scope
			f.wantEntered(again, portal.Entered)
		}
		f.wantFound(first.Made, true)
		f.wantSites(parent, first.Scope)
		f.must(f.End(f.Context(), parent.Address, parent.Key))
		f.wantFound(first.Made, false)
	}},
	{"OfManyAtOnceOneEnters", func(f *fixture) {
		parent := f.signIn(f.person("a"))
		ticket := f.entry(parent).Ticket
		var entered atomic.Int32
		var together sync.WaitGroup
		for range 100 {
			e := f.entry(parent)
			e.Ticket = ticket
			together.Go(func() {
				result, err := f.Enter(f.Context(), e)
				if err != nil {
					f.Error(err)
				} else if result.Outcome == portal.Entered {
					entered.Add(1)
				}
			})
		}
		together.Wait()
		if entered.Load() != 1 {
			f.Errorf("%d entered with one ticket", entered.Load())
		}
	}},
	{"NobodyEntersWithASessionThatHasEnded", func(f *fixture) {
		who := f.person("a")
		ended, over := f.signIn(who), f.signIn(who)
		f.must(f.End(f.Context(), who, ended.Key))
		f.wantEntered(f.entry(ended), portal.Over)
		late := f.entry(over)
		late.Now = over.Expires
		f.wantEntered(late, portal.Over)
		f.wantFound(late.Made, false)
	}},
	{"ASessionOfASiteLeadsNowhere", func(f *fixture) {
		e := f.entered(f.signIn(f.person("a")))
		f.wantEntered(f.entry(session.Entry{Key: e.Made}), portal.Over)
	}},
	{"UseOfOneIsUseOfAll", func(f *fixture) {
		parent := f.signIn(f.person("a"))
		one, other := f.entered(parent), f.entered(parent)
		for i, key := range []session.Key{one.Made, other.Made, parent.Key} {
			seen := f.now.Add(time.Duration(i+1) * time.Minute)
			expires := seen.Add(2 * time.Hour)
			f.must(f.Touch(f.Context(), key, seen, expires))
			for _, of := range []session.Key{one.Made, other.Made, parent.Key} {
				got, found, err := f.Session(f.Context(), of, f.now)
				f.must(err)
				if !found || !got.Seen.Equal(seen) || !got.Expires.Equal(expires) {
					f.Fatalf("after use %d a session is %+v", i, got)
				}
			}
		}
		f.wantSites(parent, one.Scope, other.Scope)
	}},
	{"EachSiteKnowsWhenItWasUsedItself", func(f *fixture) {
		parent := f.signIn(f.person("a"))
		one, other := f.entered(parent), f.entered(parent)
		wantUsed := func(e portal.Entry, at time.Time) {
			f.Helper()
			got, _, err := f.Session(f.Context(), e.Made, f.now)
			f.must(err)
			if !got.Used.Equal(at.Truncate(time.Millisecond)) {
				f.Errorf("a session was used at %v, want %v", got.Used, at)
			}
		}
		wantUsed(one, one.Now)
		later := f.now.Add(time.Minute)
		f.must(f.Touch(f.Context(), one.Made, later, parent.Expires))
		wantUsed(one, later)
		wantUsed(other, other.Now)
		f.must(f.Touch(f.Context(), parent.Key, later.Add(time.Minute), parent.Expires))
		wantUsed(one, later)
		third := f.entry(parent) // at another site
		third.Now = later.Add(2 * time.Minute)
		f.wantEntered(third, portal.Entered)
		again := f.entry(parent) // at the same
		again.Made, again.Scope, again.Now = one.Made, one.Scope, later.Add(3*time.Minute)
		f.wantEntered(again, portal.Entered)
		wantUsed(one, again.Now)
		wantUsed(other, other.Now)
	}},
	{"AllEndWithAny", func(f *fixture) {
		ends := map[string]func(who session.Entry, site portal.Entry){
			"the portal's": func(parent session.Entry, _ portal.Entry) {
				f.must(f.End(f.Context(), parent.Address, parent.Key))
			},
			"a site's": func(parent session.Entry, site portal.Entry) {
				f.must(f.End(f.Context(), parent.Address, site.Made))
			},
			"all": func(parent session.Entry, _ portal.Entry) {
				f.must(f.EndAll(f.Context(), parent.Address, session.Key{}))
			},
			"all others": func(parent session.Entry, _ portal.Entry) {
				f.must(f.EndAll(f.Context(), parent.Address, f.signIn(parent.Address).Key))
			},
			"disabling": func(parent session.Entry, _ portal.Entry) {
				_, err := f.ChangePerson(f.Context(), parent.Address, f.now, func(p *people.Person) error {
					p.Disabled = true
					return nil
				})
				f.must(err)
			},
			"removal": func(parent session.Entry, _ portal.Entry) {
				f.must(f.RemovePerson(f.Context(), parent.Address, f.now))
			},
			"another sign-in in the browser": func(parent session.Entry, _ portal.Entry) {
				r := f.redemption(f.asked(f.person("b"), newBrowser()))
				r.Replace = parent.Key
				f.redeemLink(r)
			},
		}
		for name, end := range ends {
			parent := f.signIn(f.person("a" + fmt.Sprint(len(name))))
			one, other := f.entered(parent), f.entered(parent)
			l := f.listen()
			end(parent, one)
			for _, key := range []session.Key{parent.Key, one.Made, other.Made} {
				if _, found, err := f.Session(f.Context(), key, f.now); err != nil || found {
					f.Errorf("%s: a session goes on, or %v", name, err)
				}
				l.want(f, key, true)
			}
		}
	}},
	{"AllButOneLeavesThatWithItsSites", func(f *fixture) {
		parent := f.signIn(f.person("a"))
		site := f.entered(parent)
		f.must(f.EndAll(f.Context(), parent.Address, parent.Key))
		f.wantFound(site.Made, true)
		f.wantFound(parent.Key, true)
	}},
	{"AStandingReachesAll", func(f *fixture) {
		parent := f.signIn(f.person("a"))
		site := f.entered(parent)
		changes := f.listenTo(f.OnChange)
		_, err := f.ChangePerson(f.Context(), parent.Address, f.now, func(p *people.Person) error {
			p.Groups = []string{"staff"}
			return nil
		})
		f.must(err)
		for _, key := range []session.Key{parent.Key, site.Made} {
			got, _, err := f.Session(f.Context(), key, f.now)
			f.must(err)
			if got.Standing == nil || !slices.Equal(got.Standing.Groups, []string{"staff"}) {
				f.Errorf("the standing of a session is %+v", got.Standing)
			}
			changes.want(f, key, true)
		}
	}},
	{"ASiteKeepsAFewOfABrowser", func(f *fixture) {
		parent := f.signIn(f.person("a"))
		l := f.listen()
		var made []session.Key
		for range 5 {
			e := f.entry(parent)
			e.Scope = f.site
			f.wantEntered(e, portal.Entered)
			made = append(made, e.Made)
		}
		for i, key := range made {
			f.wantFound(key, i >= 2)
			l.want(f, key, i < 2)
		}
		f.wantSites(parent, f.site)
	}},
}

// entry is a use of a ticket at a site of its own.
func (f *fixture) entry(parent session.Entry) portal.Entry {
	e := portal.Entry{
		Now: f.now, Parent: parent.Key, Made: session.NewID().Key(), Scope: "https://" + rand.Text() + ".example.com",
	}
	rand.Read(e.Ticket[:])
	rand.Read(e.Attempt[:])
	return e
}

// entered is one that made a session.
func (f *fixture) entered(parent session.Entry) portal.Entry {
	f.Helper()
	e := f.entry(parent)
	f.wantEntered(e, portal.Entered)
	return e
}

func (f *fixture) wantEntered(e portal.Entry, want portal.Outcome) {
	f.Helper()
	result, err := f.Enter(f.Context(), e)
	f.must(err)
	if result.Outcome != want || (want == portal.Entered) != (result.Address != "") {
		f.Fatalf("the ticket led to %+v, want outcome %d", result, want)
	}
}

// wantSites holds a session in the list of its person to the sites that it led into.
func (f *fixture) wantSites(parent session.Entry, scopes ...string) {
	f.Helper()
	entries, err := f.Sessions(f.Context(), parent.Address, f.now)
	f.must(err)
	if len(entries) != 1 || entries[0].Key != parent.Key || !slices.Equal(entries[0].Sites, scopes) {
		f.Fatalf("listed are %+v, want one with the sites %q", entries, scopes)
	}
}

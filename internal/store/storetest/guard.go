package storetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// here is where people are in these tests, at a site that requires a passkey.
var here = signin.Guard{RPID: "example.com", Required: []string{"example.com"}}

// elsewhere is at another site, which requires none.
var elsewhere = signin.Guard{RPID: "example.org", Required: here.Required}

// changesOfAccounts are all kinds, with whether they want an address.
var changesOfAccounts = map[account.Kind]bool{
	account.Move: true, account.Recovery: true, account.Drop: false, account.Leave: false, account.Administer: false,
}

var guardPromises = []promise{
	{"TheFirstPasskeyIsMadeByMail", func(f *fixture) {
		s := f.signIn(f.person("a"))
		a := f.addition(s)
		a.Guard = here
		f.must(f.AddPasskey(f.Context(), a))
		more := f.addition(s)
		more.Guard, more.Handle = here, a.Handle
		f.wantNotAdded(more, signin.ErrNeedsPasskey)
	}},
	{"APasskeyThatGuardsIsChangedByPasskeyOnly", func(f *fixture) {
		a := f.added(f.signIn(f.person("a")))
		byMail, byPasskey := f.signIn(a.Person), f.signedInBy(session.ByPasskey, a)
		f.wantConfirmed(f.confirming(byMail, f.proposed(byMail, account.Passkeys, "")), account.Made)
		for _, id := range []passkey.ID{"", a.Passkey.ID} {
			c := passkey.Change{Now: f.now, Session: byMail.Key, Person: a.Person, RPID: "example.com", ID: id}
			f.wantMayChange(c, nil) // where no site requires one
			c.Guard = here
			f.wantMayChange(c, signin.ErrNeedsPasskey)
			c.Session = byPasskey
			f.wantMayChange(c, nil)
			c.Now = f.now.Add(account.FreshProof)
			f.wantMayChange(c, signin.ErrNeedsPasskey)
		}
	}},
	{"APasskeyOfAnotherPlaceIsNoProof", func(f *fixture) {
		guards := f.added(f.signIn(f.person("a")))
		other := f.addition(f.signIn(guards.Person))
		other.RPID, other.Passkey.RPID, other.Handle, other.Guard = "example.org", "example.org", guards.Handle, elsewhere
		f.must(f.AddPasskey(f.Context(), other)) // which guards nothing
		there := f.signedInBy(session.ByPasskey, other)
		c := passkey.Change{Now: f.now, Session: there, Person: guards.Person, Guard: elsewhere, ID: guards.Passkey.ID}
		f.wantMayChange(c, signin.ErrNeedsPasskey)
		c.ID = other.Passkey.ID
		f.wantMayChange(c, nil)
		for kind := range changesOfAccounts {
			p := f.proposal(session.Entry{Key: there, Record: session.Record{Address: guards.Person}}, kind, f.person("new"))
			p.Guard = elsewhere
			f.wantNotProposed(p, signin.ErrNeedsPasskey)
		}
	}},
	{"BesideAGuardMailMakesTheFirstPasskeyOfAPlaceOnly", func(f *fixture) {
		guards := f.added(f.signIn(f.person("a")))
		byMail := f.signIn(guards.Person)
		add := func(by session.Key) passkey.Addition {
			a := f.addition(session.Entry{Key: by, Record: byMail.Record})
			a.RPID, a.Passkey.RPID, a.Handle, a.Guard = "example.org", "example.org", guards.Handle, elsewhere
			return a
		}
		first := add(byMail.Key)
		f.must(f.AddPasskey(f.Context(), first))
		f.wantConfirmed(f.confirming(byMail, f.proposed(byMail, account.Passkeys, "")), account.Made)
		f.wantNotAdded(add(byMail.Key), signin.ErrNeedsPasskey)
		c := first.Change
		c.ID = first.Passkey.ID
		f.wantMayChange(c, signin.ErrNeedsPasskey)
		if err := f.RenamePasskey(f.Context(), c, "mine"); !errors.Is(err, signin.ErrNeedsPasskey) {
			f.Errorf("renaming it by mail: %v", err)
		}
		f.must(f.AddPasskey(f.Context(), add(f.signedInBy(session.ByPasskey, first))))
	}},
	{"TheMailboxAloneChangesNoAccountThatIsGuarded", func(f *fixture) {
		for kind, wantsAddress := range changesOfAccounts {
			a := f.added(f.signIn(f.person("a-" + string(kind))))
			byMail, byPasskey := f.signIn(a.Person), f.signedInBy(session.ByPasskey, a)
			to := address.Address("")
			if wantsAddress {
				to = f.person("new")
			}
			p := f.proposal(byMail, kind, to)
			p.Guard = here
			f.wantNotProposed(p, signin.ErrNeedsPasskey)
			p.Session = byPasskey
			p.Now = f.now.Add(account.FreshProof)
			f.wantNotProposed(p, signin.ErrNeedsPasskey)
			p.Now = f.now
			f.propose(p)
		}
	}},
	{"WhoActsForOthersShowsAPasskeyThatGuards", func(f *fixture) {
		guards := f.added(f.signIn(f.person("a")))
		second := f.addition(f.signIn(guards.Person))
		second.RPID, second.Passkey.RPID, second.Handle, second.Guard = "b.example.net", "b.example.net", guards.Handle, signin.Guard{RPID: "b.example.net"}
		f.must(f.AddPasskey(f.Context(), second))
		both := []string{"example.com", "b.example.net"}
		byMail := f.signIn(guards.Person)
		for name, c := range map[string]struct {
			session session.Key
			guard   signin.Guard
			after   time.Duration
			want    error
		}{
			"by mail":                 {session: byMail.Key, guard: here, want: signin.ErrNeedsPasskey},
			"by mail, unguarded":      {session: byMail.Key, guard: signin.Guard{RPID: "example.com"}, want: signin.ErrNeedsPasskey},
			"by passkey, unguarded":   {session: f.signedInBy(session.ByPasskey, guards), guard: signin.Guard{RPID: "example.com"}},
			"by passkey":              {session: f.signedInBy(session.ByPasskey, guards), guard: here},
			"by passkey, too old":     {session: f.signedInBy(session.ByPasskey, guards), guard: here, after: account.FreshProof, want: signin.ErrNeedsPasskey},
			"by the first of two":     {session: f.signedInBy(session.ByPasskey, guards), guard: signin.Guard{RPID: "example.com", Required: both}},
			"by the second":           {session: f.signedInBy(session.ByPasskey, second), guard: signin.Guard{RPID: "b.example.net", Required: both}, want: signin.ErrNeedsPasskey},
			"by the one required":     {session: f.signedInBy(session.ByPasskey, second), guard: signin.Guard{RPID: "b.example.net", Required: both[1:]}},
			"at another place":        {session: f.signedInBy(session.ByPasskey, second), guard: signin.Guard{RPID: "c.example.net", Required: both}, want: signin.ErrNeedsPasskey},
			"of a session that ended": {session: session.NewID().Key(), guard: here, want: session.ErrEnded},
		} {
			if err := f.CheckGuard(f.Context(), c.session, guards.Person, c.guard, f.now.Add(c.after)); !errors.Is(err, c.want) {
				f.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
	}},
	{"WhereAPasskeyIsRequiredALinkToDecideTakesThatOfItsOwner", func(f *fixture) {
		former, recovery, stranger := f.person("former"), f.person("recovery"), f.added(f.signIn(f.person("stranger")))
		f.must(f.MovePerson(f.Context(), f.signIn(former).Address, f.person("owner"), f.now))
		f.recovers(f.person("owner"), recovery)
		guards := f.added(f.signIn(f.person("owner")))
		hers, byMail := f.signedInBy(session.ByPasskey, guards), f.signIn(guards.Person).Key
		owners := []address.Address{former, recovery, guards.Person}
		for _, tag := range []string{"+", "+x", "+x+y", "+2.0"} {
			owners = append(owners, address.Address(guards.Person.Local()+tag+"@"+guards.Person.Domain()))
		}
		for i, owner := range owners {
			a := f.submission(f.person(fmt.Sprint("p", i)), owner)
			d := f.deciding(f.submits(a), access.Granted)
			use := useOf(a.Owners[0])
			d.Use, d.Guard = &use, here
			for name, in := range map[string]session.Key{
				"no session": {}, "one that ended": session.NewID().Key(), "mail": byMail,
				"a stranger's passkey": f.signedInBy(session.ByPasskey, stranger), "her passkey": hers, "an old passkey": hers,
			} {
				if d.Session, d.Now = in, f.now; name == "an old passkey" {
					d.Now = f.now.Add(account.FreshProof)
				}
				if owner == guards.Person && name == "her passkey" {
					continue
				}
				if _, first, err := f.Decide(f.Context(), d); !errors.Is(err, signin.ErrNeedsPasskey) || first {
					f.Fatalf("%s decides by %s: %v", owner, name, err)
				}
			}
			f.wantUse(a.Owners[0], signin.LinkGood)
			d.Session, d.Now = hers, f.now
			if owner != guards.Person { // at a place that requires none
				d.Session, d.Guard = session.Key{}, elsewhere
			}
			if _, first := f.decides(d); !first {
				f.Fatalf("%s does not decide", owner)
			}
			d.Session, d.Guard = session.Key{}, here // whoever has the link is told what was decided
			if decided, first := f.decides(d); first || decided.State != access.Granted {
				f.Fatalf("%s is told %+v", owner, decided)
			}
		}
	}},
	{"APasskeyThatIsRemovedMeanwhileDecidesNothing", func(f *fixture) {
		guards := f.added(f.signIn(f.person("owner")))
		a := f.submission(f.person("a"), guards.Person)
		d := f.deciding(f.submits(a), access.Granted)
		use := useOf(a.Owners[0])
		d.Use, d.Guard, d.Session = &use, here, f.signedInBy(session.ByPasskey, guards)
		c := passkey.Change{Now: f.now, Session: d.Session, Person: guards.Person, Guard: here, ID: guards.Passkey.ID}
		f.must(f.RemovePasskey(f.Context(), c, f.notice(session.Entry{Record: session.Record{Address: guards.Person}})))
		if _, first, err := f.Decide(f.Context(), d); !errors.Is(err, signin.ErrNeedsPasskey) || first {
			f.Fatalf("deciding: %v", err)
		}
		f.wantUnknown(f.person("a"))
	}},
	{"ThePlaceOfTheFirstPasskeyGuardsTheAccount", func(f *fixture) {
		places := []string{"one.example", "two.example", "three.example"}
		made := f.addedAt(f.person("a"), places...)
		for i, here := range made {
			g := signin.Guard{RPID: here.RPID, Required: places}
			want := error(nil)
			if i > 0 {
				want = signin.ErrNeedsPasskey
			}
			byPasskey := f.signedInBy(session.ByPasskey, here)
			for _, s := range []session.Key{f.signIn(here.Person).Key, byPasskey} {
				want := want
				if s != byPasskey {
					want = signin.ErrNeedsPasskey
				}
				f.wantGuarded(s, here.Person, g, "one.example", want)
				for kind := range changesOfAccounts {
					p := f.proposal(session.Entry{Key: s, Record: session.Record{Address: here.Person}}, kind, f.person("new"))
					p.Guard = g
					if want != nil {
						f.wantNotProposed(p, want)
					} else {
						f.propose(p)
					}
				}
			}
			for j, there := range made {
				c := passkey.Change{Now: f.now, Session: byPasskey, Person: here.Person, Guard: g, ID: there.Passkey.ID}
				if i == 0 || i == j {
					f.wantMayChange(c, nil)
				} else {
					f.wantMayChange(c, signin.ErrNeedsPasskey)
					if err := f.RenamePasskey(f.Context(), c, "mine"); !errors.Is(err, signin.ErrNeedsPasskey) {
						f.Fatalf("renaming one of another place: %v", err)
					}
				}
			}
			f.wantMayChange(passkey.Change{Now: f.now, Session: byPasskey, Person: here.Person, Guard: g, RPID: here.RPID}, nil)
		}
	}},
	{"WhoReplacesTheirDeviceLosesNoRank", func(f *fixture) {
		made := f.addedAt(f.person("a"), "one.example", "two.example")
		first, later := made[0], made[1]
		required := []string{"one.example", "two.example"}
		atOne := signin.Guard{RPID: "one.example", Required: required}
		replaced := f.addition(session.Entry{Key: f.signedInBy(session.ByPasskey, first), Record: session.Record{Address: first.Person}})
		replaced.RPID, replaced.Passkey.RPID, replaced.Handle, replaced.Guard = "one.example", "one.example", first.Handle, atOne
		f.must(f.AddPasskey(f.Context(), replaced))
		s := f.signedInBy(session.ByPasskey, replaced)
		c := passkey.Change{Now: f.now, Session: s, Person: first.Person, Guard: atOne, ID: first.Passkey.ID}
		f.must(f.RemovePasskey(f.Context(), c, f.notice(session.Entry{Record: session.Record{Address: first.Person}})))
		f.wantGuarded(s, first.Person, atOne, "one.example", nil)
		there := f.signedInBy(session.ByPasskey, later)
		f.wantGuarded(there, first.Person, signin.Guard{RPID: "two.example", Required: required}, "one.example", signin.ErrNeedsPasskey)
		c.Session, c.ID = s, replaced.Passkey.ID
		f.must(f.RemovePasskey(f.Context(), c, f.notice(session.Entry{Record: session.Record{Address: first.Person}})))
		f.wantGuarded(there, first.Person, signin.Guard{RPID: "two.example", Required: required}, "two.example", nil)
	}},
	{"WhatWasProposedBeforeIsNotMadeByMail", func(f *fixture) {
		a := f.added(f.signIn(f.person("a")))
		byMail := f.signIn(a.Person)
		for kind := range changesOfAccounts {
			c := f.confirming(byMail, f.proposed(byMail, kind, f.person("new")))
			c.Guard = here
			if _, err := f.Confirm(f.Context(), c); !errors.Is(err, signin.ErrNeedsPasskey) {
				f.Fatalf("confirming %s: %v", kind, err)
			}
		}
		f.wantPasskeys(a.Person, a.Passkey)
	}},
	{"WhatWasProposedInTimeIsMadeLater", func(f *fixture) {
		a := f.added(f.signIn(f.person("a")))
		s := session.Entry{Key: f.signedInBy(session.ByPasskey, a), Record: session.Record{Address: a.Person}}
		p := f.proposal(s, account.Move, f.person("new"))
		p.Guard, p.Now = here, f.now.Add(account.FreshProof-time.Millisecond)
		p.Change.Expires = p.Now.Add(linkLife)
		f.propose(p)
		c := f.confirming(s, p)
		c.Guard, c.Now = here, p.Now.Add(time.Minute)
		f.wantConfirmed(c, account.Made)
		a.Passkey.Used = f.now
		f.wantPasskeys(f.person("new"), a.Passkey)
	}},
	{"WhoHasNoPasskeyIsNotGuarded", func(f *fixture) {
		s := f.signIn(f.person("a"))
		p := f.proposal(s, account.Leave, "")
		p.Guard = here
		f.propose(p)
		c := f.confirming(s, p)
		c.Guard = here
		f.wantConfirmed(c, account.Made)
		f.wantUnknown(s.Address)
	}},
}

// addedAt makes the first passkey of somebody at each of some places, which require one.
func (f *fixture) addedAt(who address.Address, places ...string) (made []passkey.Addition) {
	f.Helper()
	for _, place := range places {
		a := f.addition(f.signIn(who))
		a.RPID, a.Passkey.RPID, a.Guard = place, place, signin.Guard{RPID: place, Required: places}
		if len(made) > 0 {
			a.Handle = made[0].Handle
		}
		f.must(f.AddPasskey(f.Context(), a))
		made = append(made, a)
	}
	return made
}

// wantGuarded makes sure that a session may act for others, or is told whose passkey it takes.
func (f *fixture) wantGuarded(s session.Key, who address.Address, g signin.Guard, at string, want error) {
	f.Helper()
	err := f.CheckGuard(f.Context(), s, who, g, f.now)
	if !errors.Is(err, want) {
		f.Fatalf("at %s: %v, want %v", g.RPID, err, want)
	}
	if needs, ok := errors.AsType[*signin.NeedsPasskey](err); want != nil && (!ok || needs.RPID != at) {
		f.Fatalf("at %s: %#v, want a passkey of %s", g.RPID, err, at)
	}
}

func (f *fixture) wantNotProposed(p account.Proposal, want error) {
	f.Helper()
	if _, err := f.Propose(f.Context(), p); !errors.Is(err, want) {
		f.Fatalf("proposing %s: %v, want %v", p.Change.Kind, err, want)
	}
	f.wantNothingPending(session.Entry{Key: p.Session})
}

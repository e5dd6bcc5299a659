package storetest

import (
	"errors"
	"time"

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

func (f *fixture) wantNotProposed(p account.Proposal, want error) {
	f.Helper()
	if _, err := f.Propose(f.Context(), p); !errors.Is(err, want) {
		f.Fatalf("proposing %s: %v, want %v", p.Change.Kind, err, want)
	}
	f.wantNothingPending(session.Entry{Key: p.Session})
}

package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var passkeyChangePromises = []promise{
	{"TheFirstOneBringsTheHandleAndItStays", func(f *fixture) {
		s := f.signIn(f.person("a"))
		first := f.addition(s)
		f.must(f.AddPasskey(f.Context(), first))
		second := f.addition(s)
		f.wantNotAdded(second, passkey.ErrRefused) // from a page that was made before the first
		second.Handle = first.Handle
		f.must(f.AddPasskey(f.Context(), second))
		f.wantPasskeys(s.Address, first.Passkey, second.Passkey)
		for _, p := range []passkey.Passkey{first.Passkey, second.Passkey} {
			_, err := f.DropPasskeys(f.Context(), s.Address, p.ID)
			f.must(err)
		}
		ring, err := f.Passkeys(f.Context(), s.Address)
		f.must(err)
		if string(ring.Handle) != string(first.Handle) || len(ring.Passkeys) != 0 {
			f.Errorf("without passkeys there is %+v", ring)
		}
	}},
	{"NobodyAddsOneThatThereIs", func(f *fixture) {
		s, other := f.signIn(f.person("a")), f.signIn(f.person("b"))
		had := f.added(s)
		for _, of := range []session.Entry{s, other} {
			again := f.addition(of)
			again.Passkey.Credential, again.Passkey.ID = had.Passkey.Credential, had.Passkey.ID
			if of.Key == s.Key {
				again.Handle = had.Handle
			}
			f.wantNotAdded(again, passkey.ErrKnown)
		}
		f.wantPasskeys(s.Address, had.Passkey)
		f.wantPasskeys(other.Address)
	}},
	{"ThereAreNoMoreThanTheMost", func(f *fixture) {
		s := f.signIn(f.person("a"))
		for range passkey.Max {
			f.added(s)
		}
		more := f.addition(s)
		ring, err := f.Passkeys(f.Context(), s.Address)
		f.must(err)
		more.Handle = ring.Handle
		f.wantNotAdded(more, passkey.ErrFull)
	}},
	{"AChallengeAddsOne", func(f *fixture) {
		s := f.signIn(f.person("a"))
		first := f.added(s)
		f.must(f.AddPasskey(f.Context(), first)) // sent again, since its answer was lost
		again := f.addition(s)
		again.Challenge, again.Handle = first.Challenge, first.Handle
		f.wantNotAdded(again, passkey.ErrRefused)
		f.wantPasskeys(s.Address, first.Passkey)
	}},
	{"OfManyFirstOnesAtOnceOneIsAdded", func(f *fixture) {
		s := f.signIn(f.person("a"))
		var added atomic.Int32
		var together sync.WaitGroup
		for range 20 {
			a := f.addition(s)
			together.Go(func() {
				if err := f.AddPasskey(f.Context(), a); err == nil {
					added.Add(1)
				} else if !errors.Is(err, passkey.ErrRefused) {
					f.Error(err)
				}
			})
		}
		together.Wait()
		if added.Load() != 1 {
			f.Errorf("%d were added, each with a handle of its own", added.Load())
		}
	}},
	{"SomebodyIsToldOfChanges", func(f *fixture) {
		s := f.signIn(f.person("a"))
		a := f.added(s)
		f.wantMessage(f.kept(a.Notice.ID), filled(a.Notice, false))
		u := f.using(a)
		f.wantUsed(u, passkey.Fine)
		notice := f.message(s.Address)
		notice.Kind = outbox.Changed
		c := passkey.Change{Now: f.now, Session: u.Session.Key, Person: s.Address, ID: a.Passkey.ID}
		f.must(f.RemovePasskey(f.Context(), c, notice))
		f.wantMessage(f.kept(notice.ID), filled(notice, false))
	}},
	{"WhatIsRemovedSignsNobodyIn", func(f *fixture) {
		s := f.signIn(f.person("a"))
		a, stays := f.added(s), f.added(s)
		u := f.using(a)
		f.wantUsed(u, passkey.Fine)
		c := passkey.Change{Now: f.now, Session: u.Session.Key, Person: s.Address, ID: a.Passkey.ID}
		f.must(f.RemovePasskey(f.Context(), c, f.notice(s)))
		f.wantUsed(f.using(a), passkey.UnknownCredential)
		f.wantUsed(f.using(stays), passkey.Fine)
		for _, id := range []passkey.ID{c.ID, ""} {
			c.ID = id
			if err := f.RemovePasskey(f.Context(), c, f.notice(s)); !errors.Is(err, passkey.ErrUnknown) {
				f.Errorf("removing %q: %v", id, err)
			}
		}
		again := f.addition(s)
		again.Passkey, again.Handle = a.Passkey, a.Handle
		f.must(f.AddPasskey(f.Context(), again))
		f.wantUsed(f.using(a), passkey.Fine)
	}},
	{"ANameIsChangedInAnySessionOfThePerson", func(f *fixture) {
		s, other := f.signIn(f.person("a")), f.signIn(f.person("b"))
		a := f.added(s)
		c := passkey.Change{Now: f.now.Add(account.FreshProof), Session: s.Key, Person: s.Address, ID: a.Passkey.ID}
		f.must(f.RenamePasskey(f.Context(), c, "é 鍵"))
		a.Passkey.Name = "é 鍵"
		f.wantPasskeys(s.Address, a.Passkey)
		c.Session, c.Person = other.Key, other.Address
		if err := f.RenamePasskey(f.Context(), c, "mine"); !errors.Is(err, passkey.ErrUnknown) {
			f.Errorf("renaming that of another: %v", err)
		}
		c.Person = s.Address
		if err := f.RenamePasskey(f.Context(), c, "mine"); !errors.Is(err, session.ErrEnded) {
			f.Errorf("renaming it as another: %v", err)
		}
		f.wantPasskeys(s.Address, a.Passkey)
	}},
	{"ASessionThatHasEndedChangesNothing", func(f *fixture) {
		s := f.signIn(f.person("a"))
		a := f.added(s)
		f.must(f.End(f.Context(), s.Address, s.Key))
		more := f.addition(s)
		more.Handle = a.Handle
		f.wantNotAdded(more, session.ErrEnded)
		c := passkey.Change{Now: f.now, Session: s.Key, Person: s.Address, ID: a.Passkey.ID}
		if err := f.RemovePasskey(f.Context(), c, f.notice(s)); !errors.Is(err, session.ErrEnded) {
			f.Errorf("removing one: %v", err)
		}
		f.wantPasskeys(s.Address, a.Passkey)
	}},
	{"WhatAPasskeyMadeEndsWithItButTheSessionThatRemovesIt", removalsOfPasskeys},
	{"AnOperatorDropsOneOrAll", func(f *fixture) {
		s := f.signIn(f.person("a"))
		one, two, three := f.added(s), f.added(s), f.added(s)
		dropped, err := f.DropPasskeys(f.Context(), s.Address, two.Passkey.ID)
		f.must(err)
		if len(dropped) != 1 || dropped[0].ID != two.Passkey.ID {
			f.Errorf("dropped were %+v", dropped)
		}
		if _, err := f.DropPasskeys(f.Context(), s.Address, two.Passkey.ID); !errors.Is(err, passkey.ErrUnknown) {
			f.Errorf("dropping it once more: %v", err)
		}
		f.wantPasskeys(s.Address, one.Passkey, three.Passkey)
		dropped, err = f.DropPasskeys(f.Context(), s.Address, "")
		f.must(err)
		if len(dropped) != 2 {
			f.Errorf("dropped were %+v", dropped)
		}
		for _, a := range []passkey.Addition{one, two, three} {
			f.wantUsed(f.using(a), passkey.UnknownCredential)
		}
		if dropped, err = f.DropPasskeys(f.Context(), s.Address, ""); err != nil || len(dropped) != 0 {
			f.Errorf("dropping none: %+v, %v", dropped, err)
		}
		f.wantFound(s.Key, true)
		if _, err := f.DropPasskeys(f.Context(), f.person("nobody"), ""); !errors.Is(err, people.ErrUnknown) {
			f.Errorf("dropping those of nobody: %v", err)
		}
	}},
	{"ChangesWantAProof", proofsForPasskeys},
	{"AConfirmationHoldsForAWhileInItsSessionOnly", func(f *fixture) {
		s, other := f.signIn(f.person("a")), f.signIn(f.person("a"))
		a := f.added(s)
		proposed := f.proposed(s, account.Passkeys, "")
		f.wantMayChange(passkey.Change{Now: f.now, Session: s.Key, Person: s.Address, ID: a.Passkey.ID}, passkey.ErrNeedsCode)
		f.wantConfirmed(f.confirming(s, proposed), account.Made)
		until := f.now.Add(account.FreshProof)
		for _, id := range []passkey.ID{"", a.Passkey.ID} {
			c := passkey.Change{Now: until.Add(-time.Millisecond), Session: s.Key, Person: s.Address, RPID: "example.com", ID: id}
			f.wantMayChange(c, nil)
			c.Now = until
			f.wantMayChange(c, passkey.ErrNeedsCode)
			c.Session = other.Key
			f.wantMayChange(c, passkey.ErrNeedsCode)
		}
		f.wantConfirmed(f.confirming(s, f.proposed(s, account.Administer, "")), account.Made)
		f.wantMayChange(passkey.Change{Now: f.now, Session: s.Key, Person: s.Address, ID: a.Passkey.ID}, passkey.ErrNeedsCode)
	}},
}

// proofsForPasskeys tries sessions of all methods and ages.
func proofsForPasskeys(f *fixture) {
	for i, c := range []struct {
		method      session.Method
		age         time.Duration
		add, remove error
	}{
		{session.ByMail, 0, nil, passkey.ErrNeedsCode},
		{session.ByMail, account.FreshProof - time.Millisecond, nil, passkey.ErrNeedsCode},
		{session.ByMail, account.FreshProof, passkey.ErrNeedsCode, passkey.ErrNeedsCode},
		{session.ByRecovery, 0, nil, passkey.ErrNeedsCode},
		{session.ByPasskey, account.FreshProof - time.Millisecond, nil, nil},
		{session.ByPasskey, account.FreshProof, passkey.ErrNeedsCode, passkey.ErrNeedsCode},
	} {
		who := f.person(fmt.Sprintf("p%d", i))
		first := f.signIn(who)
		a := f.added(first)
		s := f.signedInBy(c.method, a)
		change := passkey.Change{Now: f.now.Add(c.age), Session: s, Person: who, RPID: "example.com"}
		f.wantMayChange(change, c.add)
		more := f.addition(first)
		more.Change, more.Handle = change, a.Handle
		if err := f.AddPasskey(f.Context(), more); !errors.Is(err, c.add) {
			f.Errorf("case %d: adding one: %v, want %v", i, err, c.add)
		}
		change.ID = a.Passkey.ID
		f.wantMayChange(change, c.remove)
		if err := f.RemovePasskey(f.Context(), change, f.notice(first)); !errors.Is(err, c.remove) {
			f.Errorf("case %d: removing one: %v, want %v", i, err, c.remove)
		}
	}
}

// signedInBy is a session of the person of a passkey, made by a method.
func (f *fixture) signedInBy(m session.Method, a passkey.Addition) session.Key {
	f.Helper()
	switch m {
	case session.ByPasskey:
		u := f.using(a)
		f.wantUsed(u, passkey.Fine)
		return u.Session.Key
	case session.ByRecovery:
		f.recovers(a.Person, f.person("second"))
		r := f.redemption(f.asked(f.person("second"), newBrowser()))
		asked := f.redeemLink(r)
		r.Policy, r.Revision = asked.Policy, &asked.Person.Revision
		f.wantOutcome(f.redeemLink(r), signin.SignedIn)
		return r.Session.Key
	}
	return f.signIn(a.Person).Key
}

// notice is one that tells somebody of a change.
func (f *fixture) notice(s session.Entry) outbox.Message {
	m := f.message(s.Address)
	m.Kind = outbox.Changed
	return m
}

func (f *fixture) wantNotAdded(a passkey.Addition, want error) {
	f.Helper()
	if err := f.AddPasskey(f.Context(), a); !errors.Is(err, want) {
		f.Fatalf("adding a passkey: %v, want %v", err, want)
	}
	if _, told, err := f.Message(f.Context(), a.Notice.ID); told || err != nil {
		f.Fatalf("told of a passkey that was not added: %v, %v", told, err)
	}
}

func (f *fixture) wantMayChange(c passkey.Change, want error) {
	f.Helper()
	if _, err := f.MayChangePasskeys(f.Context(), c); !errors.Is(err, want) {
		f.Fatalf("a change of passkeys: %v, want %v", err, want)
	}
}

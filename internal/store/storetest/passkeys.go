package storetest

import (
	"crypto/rand"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
)

var passkeyPromises = []promise{
	{"APasskeyMakesASessionInPlaceOfTheOneBefore", func(f *fixture) {
		s := f.signIn(f.person("a"))
		f.changed(s.Address, func(p *people.Person) { p.Groups = []string{"staff"} })
		u := f.using(f.added(s))
		u.Replace, u.Session.Scope, u.Session.SignedIn = s.Key, "https://b.example.com", f.now.Add(time.Minute)
		ended := f.listen()
		f.wantUsed(u, passkey.Fine)
		ended.want(f, s.Key, true)
		want := u.Session.Record
		want.Address, want.Method, want.Passkey, want.Standing = s.Address, session.ByPasskey, string(u.Passkey.ID()), &people.Standing{Groups: []string{"staff"}}
		got, _, err := f.Session(f.Context(), u.Session.Key, f.now)
		f.must(err)
		f.wantSameRecord(got, want)
		f.wantStanding(u.Session.Key, want.Standing)
		f.wantSessions(s.Address, u.Session.Key)
	}},
	{"WhatTheAuthenticatorSaysIsKept", func(f *fixture) {
		p := f.added(f.signIn(f.person("a")))
		u := f.using(p)
		u.Now, u.Counter, u.BackedUp = f.now.Add(time.Minute), 7, true
		f.wantUsed(u, passkey.Fine)
		want := p.Passkey
		want.Used, want.Counter, want.BackedUp = u.Now, 7, true
		f.wantPasskeys(p.Person, want)
	}},
	{"ACandidateIsWhatIsKnown", func(f *fixture) {
		s := f.signIn(f.person("a"))
		known := f.changed(s.Address, func(p *people.Person) { p.Groups = []string{"staff"} })
		p := f.added(s)
		u, asked := f.using(p), 0
		u.Check = func(c passkey.Candidate) passkey.Reason {
			asked++
			if string(c.PublicKey) != string(p.Passkey.PublicKey) || c.Person.Address != s.Address || !slices.Equal(c.Person.Groups, known.Groups) {
				f.Errorf("the candidate is %+v", c)
			}
			return passkey.Fine
		}
		f.wantUsed(u, passkey.Fine)
		u = f.using(f.addition(s))
		u.Check = func(c passkey.Candidate) passkey.Reason {
			asked += 100
			if c.PublicKey != nil || c.Person.Address != "" {
				f.Errorf("the candidate for an unknown passkey is %+v", c)
			}
			return passkey.UnknownCredential
		}
		f.wantUsed(u, passkey.UnknownCredential)
		if asked < 101 {
			f.Errorf("both were asked about %d times", asked)
		}
	}},
	{"AChallengeIsGoodOnce", func(f *fixture) {
		p := f.added(f.signIn(f.person("a")))
		first := f.using(p)
		first.Counter = 1
		f.wantUsed(first, passkey.Fine)
		f.wantUsed(first, passkey.Fine) // sent again, since its answer was lost
		again := f.using(p)
		again.Challenge, again.Counter = first.Challenge, 2
		f.wantUsed(again, passkey.UsedBefore)
		f.wantFound(again.Session.Key, false)
		f.must(f.End(f.Context(), p.Person, first.Session.Key))
		f.wantUsed(first, passkey.UsedBefore)
		f.wantFound(first.Session.Key, false)
	}},
	{"OfManyAtOnceOneSignsIn", func(f *fixture) {
		p := f.added(f.signIn(f.person("a")))
		challenge := f.using(p).Challenge
		var in, before atomic.Int32
		var together sync.WaitGroup
		for range 100 {
			u := f.using(p)
			u.Challenge = challenge
			together.Go(func() {
				switch used, err := f.UsePasskey(f.Context(), u); {
				case err != nil:
					f.Error(err)
				case used.Refused == passkey.Fine:
					in.Add(1)
				case used.Refused == passkey.UsedBefore:
					before.Add(1)
				}
			})
		}
		together.Wait()
		if in.Load() != 1 || before.Load() != 99 {
			f.Errorf("with one challenge %d signed in, %d came too late", in.Load(), before.Load())
		}
	}},
	{"OfManyWithOneCounterOneSignsIn", func(f *fixture) {
		p := f.added(f.signIn(f.person("a")))
		var in atomic.Int32
		var together sync.WaitGroup
		for range 20 {
			u := f.using(p)
			u.Counter = 5
			together.Go(func() {
				if used, err := f.UsePasskey(f.Context(), u); err != nil {
					f.Error(err)
				} else if used.Refused == passkey.Fine {
					in.Add(1)
				}
			})
		}
		together.Wait()
		if in.Load() != 1 {
			f.Errorf("with one counter %d signed in", in.Load())
		}
	}},
	{"WhatIsRefusedChangesNothing", refusedPasskeys},
	{"NobodyWhoIsKeptOutSignsIn", func(f *fixture) {
		who := f.person("a")
		p := f.added(f.signIn(who))
		f.changed(who, func(p *people.Person) { p.Disabled = true })
		f.wantUsed(f.using(p), passkey.Disabled)
		f.changed(who, func(p *people.Person) { p.Disabled = false })
		f.wantUsed(f.using(p), passkey.Fine)

		barred := f.added(f.signIn(tag(who, "x")))
		f.changed(who, func(p *people.Person) { p.Disabled = true })
		f.wantUsed(f.using(barred), passkey.Disabled)
	}},
	{"OpenLinksStayOpen", func(f *fixture) {
		p := f.added(f.signIn(f.person("a")))
		a := f.asked(p.Person, newBrowser())
		f.wantUsed(f.using(p), passkey.Fine)
		f.wantLink(a, f.now, alive)
	}},
	{"TheBrowserAndTheLanguageAreLearned", func(f *fixture) {
		p := f.added(f.signIn(f.person("a")))
		u := f.using(p)
		u.Mark, u.Language = newBrowser(), "pt"
		f.wantUsed(u, passkey.Fine)
		f.stopped(f.asked(p.Person, newBrowser()), time.Hour)
		a := f.asking(p.Person, u.Mark)
		a.Message.Language = ""
		f.wantSent(f.ask(a))
		f.wantLanguage(a, "pt")
	}},
	{"SomebodyIsToldOfABrowserThatIsNew", func(f *fixture) {
		p := f.added(f.signIn(f.person("a")))
		mark := newBrowser()
		for _, want := range []bool{true, false} {
			u, told := f.using(p), f.message(p.Person)
			told.Kind, told.Language = outbox.NewBrowser, ""
			u.Mark, u.Mailbox, u.Total, u.Reserve = mark, plenty, limit.Use{Name: "total of " + f.name, Rule: plenty}, 1
			u.NewBrowser = func(address.Address) outbox.Message { return told }
			f.wantUsed(u, passkey.Fine)
			_, found, err := f.Message(f.Context(), told.ID)
			f.must(err)
			if found != want {
				f.Errorf("told of the browser: %v, want %v", found, want)
			}
		}
	}},
	{"PasskeysGoAlongWhenSomebodyMoves", func(f *fixture) {
		from, to, last := f.person("from"), f.person("to"), f.person("last")
		s := f.signIn(from)
		p, other := f.added(s), f.added(s)
		f.moves(s, to)
		f.wantPasskeys(from)
		f.wantPasskeys(to, p.Passkey, other.Passkey)
		f.must(f.MovePerson(f.Context(), to, last, f.now))
		f.wantPasskeys(to)
		for _, p := range []passkey.Addition{p, other} {
			u := f.using(p)
			f.wantUsed(u, passkey.Fine)
			f.wantSessions(last, u.Session.Key)
			f.must(f.EndAll(f.Context(), last, session.Key{}))
		}
	}},
	{"PasskeysAreForgottenWithTheirPerson", func(f *fixture) {
		for name, forget := range map[string]func(s session.Entry){
			"removed": func(s session.Entry) { f.must(f.RemovePerson(f.Context(), s.Address, f.now)) },
			"left":    func(s session.Entry) { f.makes(s, account.Leave, "") },
		} {
			s := f.signIn(f.person(name))
			p := f.added(s)
			forget(s)
			f.wantPasskeys(s.Address)
			f.wantUsed(f.using(p), passkey.UnknownCredential)
			again := f.addition(f.signIn(s.Address))
			again.Passkey.Credential, again.Passkey.ID = p.Passkey.Credential, p.Passkey.ID
			f.must(f.AddPasskey(f.Context(), again)) // with another handle
			f.wantUsed(f.using(p), passkey.WrongHandle)
			f.wantUsed(f.using(again), passkey.Fine)
		}
	}},
}

// refusedPasskeys tries each way in which a use can be wrong.
func refusedPasskeys(f *fixture) {
	p := f.added(f.signIn(f.person("a")))
	u := f.using(p)
	u.Counter = 5
	f.wantUsed(u, passkey.Fine)
	other := f.added(f.signIn(f.person("b")))
	before, err := f.Passkeys(f.Context(), p.Person)
	f.must(err)
	for want, wrong := range map[passkey.Reason]func(u *passkey.Use){
		passkey.UnknownCredential:  func(u *passkey.Use) { u.Passkey = passkey.KeyOf([]byte("another")) },
		passkey.WrongRPID:          func(u *passkey.Use) { u.RPID = "b." + u.RPID },
		passkey.WrongHandle:        func(u *passkey.Use) { u.Handle = other.Handle },
		passkey.EligibilityChanged: func(u *passkey.Use) { u.BackupEligible = !u.BackupEligible },
		passkey.CounterWentBack:    func(u *passkey.Use) { u.Counter = 5 },
		passkey.WrongSignature: func(u *passkey.Use) {
			u.Check = func(passkey.Candidate) passkey.Reason { return passkey.WrongSignature }
		},
	} {
		u := f.using(p)
		u.Counter, u.BackedUp, u.Mark, u.Language = 6, true, newBrowser(), "fr"
		wrong(&u)
		if want == passkey.UnknownCredential {
			u.Check = func(passkey.Candidate) passkey.Reason { return passkey.UnknownCredential }
		}
		f.wantUsed(u, want)
		f.wantFound(u.Session.Key, false)
		f.wantPasskeys(p.Person, before.Passkeys...)
	}
	u = f.using(p)
	u.Counter = 0
	f.wantUsed(u, passkey.CounterWentBack)
	u.Counter = 6
	f.wantUsed(u, passkey.Fine) // the challenge was not used up
}

// passkey is one that nobody has.
func (f *fixture) passkey() passkey.Passkey {
	p := passkey.Passkey{
		Credential: make([]byte, 32), RPID: "example.com", PublicKey: []byte("a key \x00\xff"), Name: "Firefox, Linux", Made: f.now,
		BackupEligible: true, Transports: []string{"internal"},
	}
	rand.Read(p.Credential)
	p.ID = passkey.KeyOf(p.Credential).ID()
	return p
}

// challenge is one that was not used.
func (f *fixture) challenge() (c passkey.Challenge) {
	rand.Read(c.Nonce[:])
	c.Until = f.now.Add(10 * time.Minute)
	return c
}

// addition is a new passkey, with a handle that is the person's if they have none.
func (f *fixture) addition(s session.Entry) passkey.Addition {
	a := passkey.Addition{
		Change:    passkey.Change{Now: f.now, Session: s.Key, Person: s.Address, RPID: "example.com"},
		Challenge: f.challenge(), Handle: make([]byte, 32), Passkey: f.passkey(), Notice: f.message(s.Address),
	}
	rand.Read(a.Handle)
	rand.Read(a.Attempt[:])
	a.Notice.Kind = outbox.Changed
	return a
}

// added adds a passkey.
func (f *fixture) added(s session.Entry) passkey.Addition {
	f.Helper()
	a := f.addition(s)
	ring, err := f.Passkeys(f.Context(), s.Address)
	f.must(err)
	if ring.Handle != nil {
		a.Handle = ring.Handle
	}
	f.must(f.AddPasskey(f.Context(), a))
	return a
}

// using is a use of a passkey as it should be.
func (f *fixture) using(a passkey.Addition) passkey.Use {
	return passkey.Use{
		Arrival: f.arrival(f.now), Challenge: f.challenge(), Passkey: passkey.KeyOf(a.Passkey.Credential), RPID: a.Passkey.RPID,
		Handle: a.Handle, BackupEligible: true, Check: func(c passkey.Candidate) passkey.Reason {
			if c.PublicKey == nil {
				return passkey.UnknownCredential
			}
			return passkey.Fine
		},
	}
}

func (f *fixture) wantUsed(u passkey.Use, want passkey.Reason) {
	f.Helper()
	used, err := f.UsePasskey(f.Context(), u)
	f.must(err)
	if used.Refused != want {
		f.Fatalf("use of a passkey is refused for %q, want %q", used.Refused, want)
	}
	if want == passkey.Fine {
		f.wantFound(u.Session.Key, true)
	}
}

// wantPasskeys holds what somebody has to those given, in their order.
func (f *fixture) wantPasskeys(who address.Address, want ...passkey.Passkey) {
	f.Helper()
	ring, err := f.Passkeys(f.Context(), who)
	f.must(err)
	same := func(a, b passkey.Passkey) bool {
		return a.ID == b.ID && string(a.Credential) == string(b.Credential) && a.RPID == b.RPID && string(a.PublicKey) == string(b.PublicKey) &&
			a.Counter == b.Counter && a.Name == b.Name && a.Made.Equal(b.Made) && a.Used.Equal(b.Used) &&
			slices.Equal(a.Transports, b.Transports) && a.BackupEligible == b.BackupEligible && a.BackedUp == b.BackedUp
	}
	if !slices.EqualFunc(ring.Passkeys, want, same) {
		f.Fatalf("%s has the passkeys %+v, want %+v", who, ring.Passkeys, want)
	}
}

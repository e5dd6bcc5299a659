package storetest

import (
	"errors"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var changePromises = []promise{
	{"AChangeIsMadeWithBothCodesInTheSessionThatProposedIt", func(f *fixture) {
		who, to := f.person("a"), f.person("b")
		mine, other := f.signIn(who), f.signIn(who)
		p := f.proposed(mine, account.Move, to)
		f.wantMessage(f.kept(p.Message.ID), filled(p.Message, false))
		f.wantMessage(f.kept(p.NewMessage.ID), filled(p.NewMessage, true))
		f.wantPending(mine, account.Change{Kind: account.Move, Person: who, Address: to, Present: true, Expires: p.Change.Expires})
		for name, c := range map[string]account.Confirmation{
			"another session":       f.confirming(other, p),
			"the codes swapped":     {Now: f.now, Session: mine.Key, Codes: []signin.CodeKey{p.NewCode}, NewCodes: []signin.CodeKey{p.Code}},
			"no code of the new":    {Now: f.now, Session: mine.Key, Codes: []signin.CodeKey{p.Code}},
			"no code of the former": {Now: f.now, Session: mine.Key, NewCodes: []signin.CodeKey{p.NewCode}},
		} {
			if got := f.confirm(c); got.Outcome == account.Made {
				f.Fatalf("with %s the change is made", name)
			}
		}
		f.wantUnknown(to)
		f.wantConfirmed(f.confirming(mine, p), account.Made)
		f.known(to)
		f.wantConfirmed(f.confirming(mine, p), account.Nothing)
	}},
	{"TheFifthWrongCodeEndsTheChange", func(f *fixture) {
		s := f.signIn(f.person("a"))
		p := f.proposed(s, account.Recovery, f.person("b"))
		wrong := f.confirming(s, p)
		wrong.NewCodes = []signin.CodeKey{newCode()}
		for left := signin.MaxCodeTries - 1; left > 0; left-- {
			if got := f.confirm(wrong); got.Outcome != account.WrongCode || got.TriesLeft != left {
				f.Fatalf("a wrong code made %+v, want %d tries left", got, left)
			}
		}
		f.wantConfirmed(wrong, account.Over)
		f.wantConfirmed(f.confirming(s, p), account.Over)
		f.wantNothingPending(s)
		f.makes(s, account.Recovery, f.person("b")) // a new proposal begins anew
	}},
	{"AWrongCodeIsNamed", func(f *fixture) {
		s := f.signIn(f.person("a"))
		p := f.proposed(s, account.Move, f.person("b"))
		right, other := f.confirming(s, p), []signin.CodeKey{newCode()}
		for _, c := range []struct{ wrong, wrongNew bool }{{true, false}, {false, true}, {true, true}} {
			tried := right
			if c.wrong {
				tried.Codes = other
			}
			if c.wrongNew {
				tried.NewCodes = other
			}
			if got := f.confirm(tried); got.Outcome != account.WrongCode || got.Wrong != c.wrong || got.WrongNew != c.wrongNew {
				f.Fatalf("with %+v: %+v", c, got)
			}
		}
	}},
	{"WhoIsDeniedLearnsItByTheCodesOnly", func(f *fixture) {
		s := f.signIn(f.person("a"))
		p := f.proposed(s, account.Move, f.person("b"))
		denied := f.confirming(s, p)
		denied.Denied = true
		wrong := denied
		wrong.NewCodes = []signin.CodeKey{newCode()}
		f.wantConfirmed(wrong, account.WrongCode)
		if _, err := f.Confirm(f.Context(), denied); !errors.Is(err, account.ErrNotAdmitted) {
			f.Fatalf("who is denied gets %v", err)
		}
		f.wantSessions(f.person("a"), s.Key)
		f.wantUnknown(f.person("b"))
	}},
	{"AChangeEndsWithItsCodes", func(f *fixture) {
		s := f.signIn(f.person("a"))
		p := f.proposed(s, account.Drop, "")
		c := f.confirming(s, p)
		c.Now = p.Change.Expires
		f.wantConfirmed(c, account.Nothing)
		if _, found, err := f.Pending(f.Context(), s.Key, c.Now); found || err != nil {
			f.Fatalf("it is pending: %v, %v", found, err)
		}
		c.Now = p.Change.Expires.Add(-time.Millisecond)
		f.wantConfirmed(c, account.Made)
	}},
	{"NothingPendingOutlivesItsSession", func(f *fixture) {
		who := f.person("a")
		for name, end := range map[string]func(s session.Entry){
			"ending it":     func(s session.Entry) { f.must(f.End(f.Context(), who, s.Key)) },
			"ending all":    func(session.Entry) { f.must(f.EndAll(f.Context(), who, session.Key{})) },
			"ending others": func(session.Entry) { f.must(f.EndAll(f.Context(), who, f.signIn(who).Key)) },
			"another sign-in": func(s session.Entry) {
				r := f.redemption(f.asked(who, newBrowser()))
				r.Replace = s.Key
				f.wantOutcome(f.redeemLink(r), signin.SignedIn)
			},
			"disabling": func(session.Entry) {
				f.changed(who, func(p *people.Person) { p.Disabled = true })
				f.changed(who, func(p *people.Person) { p.Disabled = false })
			},
			"removing": func(session.Entry) { f.must(f.RemovePerson(f.Context(), who, f.now)) },
			"moving": func(session.Entry) {
				f.must(f.MovePerson(f.Context(), who, f.person("elsewhere"), f.now))
				f.must(f.MovePerson(f.Context(), f.person("elsewhere"), who, f.now))
			},
		} {
			s := f.signIn(who)
			p := f.proposed(s, account.Drop, "")
			end(s)
			if got, err := f.Confirm(f.Context(), f.confirming(s, p)); err == nil && got.Outcome != account.Nothing {
				f.Fatalf("after %s the change is %+v", name, got)
			}
			f.wantNothingPending(s)
		}
	}},
	{"WhoLeavesIsForgotten", func(f *fixture) {
		who := f.person("a")
		s := f.signIn(who)
		f.recovers(who, f.person("second"))
		ended := f.listen()
		f.makes(s, account.Leave, "")
		ended.want(f, s.Key, true)
		f.wantUnknown(who)
		f.wantSessions(who)
		f.wantSilent(f.ask(f.refusedBut(f.person("second"))), signin.SilentNotAllowed)
	}},
	{"ThePresentAddressIsToldInTheSameStep", func(f *fixture) {
		who := f.person("a")
		s := f.signIn(who)
		p := f.proposed(s, account.Move, f.person("b"))
		c := f.confirming(s, p)
		c.Notice = f.message(who)
		c.Notice.Kind = outbox.Changed
		f.wantConfirmed(c, account.Made)
		f.wantMessage(f.kept(c.Notice.ID), filled(c.Notice, false))
	}},
}

// confirming has the right codes.
func (f *fixture) confirming(s session.Entry, p account.Proposal) account.Confirmation {
	return account.Confirmation{
		Now: f.now, Session: s.Key, Codes: []signin.CodeKey{newCode(), p.Code}, NewCodes: []signin.CodeKey{newCode(), p.NewCode},
		Renewed: session.NewID().Key(), Expires: f.now.Add(time.Hour),
	}
}

func (f *fixture) confirm(c account.Confirmation) account.Confirmed {
	f.Helper()
	confirmed, err := f.Confirm(f.Context(), c)
	f.must(err)
	return confirmed
}

func (f *fixture) wantConfirmed(c account.Confirmation, want account.Outcome) {
	f.Helper()
	if got := f.confirm(c); got.Outcome != want {
		f.Fatalf("confirming made %+v, want %d", got, want)
	}
}

// makes proposes a change and confirms it.
func (f *fixture) makes(s session.Entry, kind account.Kind, to address.Address) account.Confirmation {
	f.Helper()
	c := f.confirming(s, f.proposed(s, kind, to))
	f.wantConfirmed(c, account.Made)
	return c
}

func (f *fixture) wantPending(s session.Entry, want account.Change) {
	f.Helper()
	got, found, err := f.Pending(f.Context(), s.Key, f.now)
	f.must(err)
	if !found || !got.Expires.Equal(want.Expires) {
		f.Fatalf("pending is %+v, %v, want %+v", got, found, want)
	}
	if got.Expires = want.Expires; got != want {
		f.Fatalf("pending is %+v, want %+v", got, want)
	}
}

func (f *fixture) wantNothingPending(s session.Entry) {
	f.Helper()
	if got, found, err := f.Pending(f.Context(), s.Key, f.now); found || err != nil {
		f.Fatalf("pending is %+v, %v", got, err)
	}
}

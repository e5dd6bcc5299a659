package storetest

import (
	"errors"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var movePromises = []promise{
	{"WhoMovesTakesEverythingAlong", func(f *fixture) {
		from, to, mine := f.person("from"), f.person("to"), newBrowser()
		r := f.redemption(f.asked(from, newBrowser()))
		r.Language, r.Mark = "pt", mine
		f.wantOutcome(f.redeemLink(r), signin.SignedIn)
		other := f.signIn(f.person("b"))
		f.recovers(from, f.person("second"))
		before := f.changed(from, func(p *people.Person) { p.Groups, p.Grants = []string{"staff"}, []people.Grant{{Site: "x"}} })
		applied := f.applied(from)
		ended := f.listen()
		f.moves(from, to)

		ended.want(f, r.Session.Key, true)
		ended.want(f, other.Key, false)
		f.wantUnknown(from)
		f.wantSessions(from)
		f.wantSessions(to, r.Session.Key)
		f.wantStanding(r.Session.Key, &before.Standing)
		before.Address, before.Former, before.Revision = to, []address.Address{from}, before.Revision+1
		f.wantPerson(before)
		applied.Address = to
		f.wantApplication(applied)
		f.stopped(f.asked(to, newBrowser()), time.Hour)
		f.wantSent(f.ask(f.asking(to, mine))) // which is familiar
		a := f.asking(to, mine)
		a.Message.Language = ""
		f.wantSent(f.ask(a))
		f.wantLanguage(a, "pt")
		f.must(f.End(f.Context(), to, r.Session.Key))
		f.wantFound(r.Session.Key, false)
	}},
	{"OpenLinksOfBothAddressesAreUsedUp", func(f *fixture) {
		from, to := f.person("from"), f.person("to")
		f.signIn(from)
		a, b, invite := f.asked(from, newBrowser()), f.asked(to, newBrowser()), f.promised(from, signin.ToMove, f.person("b"))
		f.moves(from, to)
		f.wantLink(a, f.now, signin.Used)
		f.wantLink(b, f.now, signin.Used)
		f.wantUse(invite, signin.Used)
		f.wantOutcome(f.redeemCode(f.redemption(b)), signin.RequestEnded)
	}},
	{"AnAddressThatIsSomebodysIsTaken", func(f *fixture) {
		from, to := f.person("from"), f.person("to")
		s := f.signIn(from)
		f.signIn(to)
		f.signIn(f.person("c"))
		f.recovers(f.person("c"), f.person("second"))
		before := f.known(from)
		for _, taken := range []address.Address{to, f.person("second"), from} {
			p := f.promised(taken, signin.ToMove, from)
			m := f.moving(p, from, taken)
			if _, err := f.Move(f.Context(), m); !errors.Is(err, account.ErrTaken) {
				f.Fatalf("moving to %s: %v", taken, err)
			}
			f.wantUse(p, signin.SignedIn)
			f.wantUse(*m.Notice, signin.TooOld)
		}
		f.wantPerson(before)
		f.wantSessions(from, s.Key)
	}},
	{"WhoIsNotKnownCannotMove", func(f *fixture) {
		m := account.Moving{Now: f.now, From: f.person("a"), To: f.person("b")}
		if _, err := f.Move(f.Context(), m); !errors.Is(err, people.ErrUnknown) {
			f.Fatalf("somebody unknown moves: %v", err)
		}
		f.wantUnknown(f.person("b"))
	}},
	{"OnlyTheRightLinkMoves", func(f *fixture) {
		from, to := f.person("from"), f.person("to")
		f.signIn(from)
		f.signIn(f.person("c"))
		wrongSubject, wrongAddress := f.promised(to, signin.ToMove, f.person("c")), f.promised(f.person("d"), signin.ToMove, from)
		wrongPurpose, undo, used := f.promised(to, signin.ToRecover, from), f.promised(to, signin.ToUndo, from), f.promised(to, signin.ToMove, from)
		f.wantUseOf(useOf(used), false, signin.SignedIn)
		for _, c := range []struct {
			promised signin.Promised
			want     signin.Outcome
		}{
			{wrongSubject, signin.Unknown}, {wrongAddress, signin.Unknown}, {wrongPurpose, signin.Unknown}, {undo, signin.Unknown}, {used, signin.Used},
			{f.promising(to, signin.ToMove, from), signin.TooOld},
		} {
			f.wantMove(f.moving(c.promised, from, to), c.want)
		}
		f.wantUnknown(to)
		f.known(from)
		f.wantUse(wrongSubject, signin.SignedIn)
	}},
	{"ALinkMadeBeforeAChangeMovesNobody", func(f *fixture) {
		from := f.person("from")
		f.signIn(from)
		p := f.promised(f.person("to"), signin.ToMove, from)
		f.changed(from, inGroups("staff"))
		f.wantMove(f.moving(p, from, f.person("to")), signin.Used)
		f.wantUnknown(f.person("to"))
	}},
	{"ALinkMadeBeforeARemovalMovesNobody", func(f *fixture) {
		from := f.person("from")
		f.signIn(from)
		p := f.promised(f.person("to"), signin.ToMove, from)
		f.must(f.RemovePerson(f.Context(), from, f.now))
		r := f.redemption(f.asked(from, newBrowser()))
		r.Now = f.now.Add(2 * time.Minute)
		f.wantOutcome(f.redeemLink(r), signin.SignedIn) // as somebody new
		f.wantMove(f.moving(p, from, f.person("to")), signin.Used)
	}},
	{"ARecoveryAddressChangesPlacesWithTheAddress", func(f *fixture) {
		from, second, third := f.person("from"), f.person("second"), f.person("third")
		f.signIn(from)
		f.recovers(from, second)
		f.moves(from, second)
		if got := f.known(second).Recovery; got != from {
			f.Fatalf("the recovery address is %q, want %q", got, from)
		}
		f.wantRecovers(from, second)
		f.moves(second, third)
		f.wantRecovers(from, third)
	}},
	{"OfManyMovesOneHappens", func(f *fixture) {
		from := f.person("from")
		s := f.signIn(from)
		targets := []address.Address{f.person("to1"), f.person("to2"), f.person("to3")}
		var links []signin.Promised
		for _, to := range targets {
			links = append(links, f.promised(to, signin.ToMove, from))
		}
		done := map[address.Address]int{}
		for i, outcome := range atOnce(f, 30, func(i int) (signin.Outcome, error) {
			m := f.moving(links[i%3], from, targets[i%3])
			return f.Move(f.Context(), m)
		}) {
			if outcome == signin.SignedIn {
				done[targets[i%3]]++
			} else if outcome != signin.Used {
				f.Fatalf("a move has outcome %d", outcome)
			}
		}
		if len(done) != 1 {
			f.Fatalf("moves happened: %v", done)
		}
		for to, times := range done {
			if times != 1 {
				f.Fatalf("%s was moved to %d times", to, times)
			}
			f.wantSessions(to, s.Key)
			f.known(to)
		}
		f.wantUnknown(from)
	}},
}

var undoPromises = []promise{
	{"AMoveIsUndoneFromTheFormerAddress", func(f *fixture) {
		from, to := f.person("from"), f.person("to")
		s := f.signIn(from)
		before := f.changed(from, inGroups("staff"))
		notice := f.moves(from, to)
		f.wantMessage(f.kept(notice.Message.ID), filled(notice.Message, false))
		later := f.signIn(to)
		f.recovers(to, f.person("evil"))
		pending := f.promised(f.person("evil2"), signin.ToRecover, to)
		ended := f.listen()
		f.undoes(notice, to, from)
		for _, key := range []session.Key{s.Key, later.Key} {
			ended.want(f, key, true)
			f.wantFound(key, false)
		}
		before.Revision += 2
		f.wantPerson(before)
		f.wantUnknown(to)
		f.wantSilent(f.ask(f.refusedBut(f.person("evil"))), signin.SilentNotAllowed)
		f.wantOutcomeOf(f.SetRecovery, pending, from, signin.Unknown)
		f.wantMove(f.undoing(notice, to, from), signin.Used)
	}},
	{"WhoMovesTwiceIsMovedBackAllTheWay", func(f *fixture) {
		a, b, c := f.person("a"), f.person("b"), f.person("c")
		f.signIn(a)
		first := f.moves(a, b)
		second := f.moves(b, c)
		if got := f.known(c).Former; !slices.Equal(got, []address.Address{a, b}) {
			f.Fatalf("the former addresses are %v", got)
		}
		if got := f.wantUseOf(useOf(first), true, signin.SignedIn); got.Subject != string(c) {
			f.Fatalf("the first move is about %q, want %q", got.Subject, c)
		}
		f.undoes(first, c, a)
		f.wantUse(second, signin.Used)
		if p := f.known(a); len(p.Former) > 0 {
			f.Fatalf("the former addresses are %v", p.Former)
		}
	}},
	{"TheLastMoveIsUndoneAndThenTheFirst", func(f *fixture) {
		a, b, c := f.person("a"), f.person("b"), f.person("c")
		f.signIn(a)
		first := f.moves(a, b)
		second := f.moves(b, c)
		f.undoes(second, c, b)
		f.wantUnknown(c)
		if got := f.known(b).Former; !slices.Equal(got, []address.Address{a}) {
			f.Fatalf("the former addresses are %v", got)
		}
		f.undoes(first, b, a)
		f.known(a)
		f.wantUnknown(b)
	}},
	{"WhoCameInMeanwhileIsThePersonWhoMovedAgain", func(f *fixture) {
		from, to := f.person("from"), f.person("to")
		f.signIn(from)
		before := f.changed(from, inGroups("staff"))
		notice := f.moves(from, to)
		fresh := f.signIn(from)
		f.undoes(notice, to, from)
		f.wantFound(fresh.Key, false)
		before.Revision += 2
		f.wantPerson(before)
	}},
	{"WhoWasDisabledMeanwhileStaysSo", func(f *fixture) {
		from, to := f.person("from"), f.person("to")
		f.signIn(from)
		notice := f.moves(from, to)
		f.changed(from, func(p *people.Person) { p.Disabled = true })
		f.wantMove(f.undoing(notice, to, from), signin.Used)
		if _, err := f.Move(f.Context(), account.Moving{Now: f.now, From: to, To: from, End: true}); !errors.Is(err, account.ErrTaken) {
			f.Fatalf("moving back to somebody disabled: %v", err)
		}
		f.wantSilent(f.ask(f.asking(from, newBrowser())), signin.SilentNotAllowed)

		who, now := f.person("a"), f.person("b")
		f.signIn(who)
		notice = f.moves(who, now)
		f.changed(now, func(p *people.Person) { p.Disabled = true })
		f.undoes(notice, now, who)
		f.wantSilent(f.ask(f.asking(who, newBrowser())), signin.SilentNotAllowed)
	}},
	{"WhatWasRemovedIsNotUndone", func(f *fixture) {
		from, to := f.person("from"), f.person("to")
		f.signIn(from)
		notice := f.moves(from, to)
		f.must(f.RemovePerson(f.Context(), to, f.now))
		s := f.signIn(to) // somebody new
		f.wantMove(f.undoing(notice, to, from), signin.Used)
		f.wantSessions(to, s.Key)
	}},
	{"ALinkThatUndoesDoesNotMove", func(f *fixture) {
		from, to := f.person("from"), f.person("to")
		f.signIn(from)
		notice := f.moves(from, to)
		m := f.undoing(notice, to, from)
		m.End = false
		f.wantMove(m, signin.Unknown)
		f.known(to)
	}},
}

// moving is a move by a link, which can be undone.
func (f *fixture) moving(p signin.Promised, from, to address.Address) account.Moving {
	use, notice := useOf(p), f.promising(from, signin.ToUndo, to)
	notice.Message.Kind = outbox.Moved
	return account.Moving{Now: f.now, From: from, To: to, Use: &use, Notice: &notice}
}

func (f *fixture) wantMove(m account.Moving, want signin.Outcome) {
	f.Helper()
	outcome, err := f.Move(f.Context(), m)
	f.must(err)
	if outcome != want {
		f.Fatalf("the move has outcome %d, want %d", outcome, want)
	}
}

// moves moves somebody and returns the link that undoes it.
func (f *fixture) moves(from, to address.Address) signin.Promised {
	f.Helper()
	p := f.promised(to, signin.ToMove, from)
	m := f.moving(p, from, to)
	f.wantMove(m, signin.SignedIn)
	f.wantUse(p, signin.Used)
	return *m.Notice
}

func (f *fixture) undoing(notice signin.Promised, from, to address.Address) account.Moving {
	use := useOf(notice)
	return account.Moving{Now: f.now, From: from, To: to, Use: &use, End: true}
}

func (f *fixture) undoes(notice signin.Promised, from, to address.Address) {
	f.Helper()
	f.wantMove(f.undoing(notice, from, to), signin.SignedIn)
	f.wantUse(notice, signin.Used)
}

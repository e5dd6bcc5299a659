package storetest

import (
	"errors"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var movePromises = []promise{
	{"WhoMovesTakesEverythingAlongButWhatSignsIn", func(f *fixture) {
		from, to, mine := f.person("from"), f.person("to"), newBrowser()
		r := f.redemption(f.asked(from, newBrowser()))
		r.Language, r.Mark = "pt", mine
		f.wantOutcome(f.redeemLink(r), signin.SignedIn)
		r.Session.Address = from
		f.recovers(from, f.person("second"))
		before := f.changed(from, func(p *people.Person) { p.Groups, p.Grants = []string{"staff"}, []people.Grant{{Origin: "x"}} })
		applied := f.submitted(from)
		ended := f.listen()
		renewed := f.moves(r.Session, to)

		ended.want(f, r.Session.Key, true)
		f.wantFound(r.Session.Key, false)
		f.wantUnknown(from)
		f.wantSessions(from)
		f.wantSessions(to, renewed)
		f.wantStanding(renewed, &before.Standing)
		before.Address, before.Revision = to, before.Revision+1
		f.wantPerson(before)
		applied.Address = to
		f.wantAccessRequest(applied)
		f.wantRecovers(f.person("second"), to)
		f.stopped(f.asked(to, newBrowser()), time.Hour)
		f.wantSilent(f.ask(f.asking(to, mine)), signin.SilentMuted) // it is not familiar any more
	}},
	{"TheBrowserThatMovedIsFamiliarToTheNewAddress", func(f *fixture) {
		s, to := f.signIn(f.person("from")), f.person("to")
		c := f.confirming(s, f.proposed(s, account.Move, to))
		c.Mark = newBrowser()
		f.wantConfirmed(c, account.Made)
		f.stopped(f.asked(to, newBrowser()), time.Hour)
		if got := f.ask(f.asking(to, c.Mark)); !got.Send {
			f.Errorf("asking made %+v", got)
		}
	}},
	{"OpenLinksOfBothAddressesAreUsedUp", func(f *fixture) {
		from, to := f.person("from"), f.person("to")
		s := f.signIn(from)
		a, b, ask := f.asked(from, newBrowser()), f.asked(to, newBrowser()), f.promised(from, signin.ToAsk, "")
		f.moves(s, to)
		f.wantLink(a, f.now, signin.Used)
		f.wantLink(b, f.now, signin.Used)
		f.wantUse(ask, signin.LinkUsed)
		f.wantOutcome(f.redeemCode(f.redemption(b)), signin.RequestEnded)
	}},
	{"AnOperatorMovesSomebody", func(f *fixture) {
		from, to := f.person("from"), f.person("to")
		s := f.signIn(from)
		before := f.changed(from, inGroups("staff"))
		f.must(f.MovePerson(f.Context(), from, to, f.now))
		f.wantFound(s.Key, false)
		f.wantUnknown(from)
		before.Address, before.Revision = to, before.Revision+1
		f.wantPerson(before)
		f.wantSessions(to)
	}},
	{"AnAddressThatIsSomebodysIsTaken", func(f *fixture) {
		from, to := f.person("from"), f.person("to")
		s := f.signIn(from)
		f.signIn(to)
		f.recovers(f.person("c"), f.person("second"))
		before := f.known(from)
		for _, taken := range []address.Address{to, f.person("second"), from} {
			if err := f.MovePerson(f.Context(), from, taken, f.now); !errors.Is(err, account.ErrTaken) {
				f.Fatalf("moving to %s: %v", taken, err)
			}
		}
		f.wantPerson(before)
		f.wantSessions(from, s.Key)
	}},
	{"WhoIsNotKnownCannotMove", func(f *fixture) {
		if err := f.MovePerson(f.Context(), f.person("a"), f.person("b"), f.now); !errors.Is(err, people.ErrUnknown) {
			f.Fatalf("somebody unknown moves: %v", err)
		}
		f.wantUnknown(f.person("b"))
	}},
	{"ARecoveryAddressThatBecomesTheAddressIsOneNoMore", func(f *fixture) {
		from, second := f.person("from"), f.person("second")
		f.recovers(from, second)
		f.must(f.MovePerson(f.Context(), from, second, f.now))
		if got := f.known(second).Recovery; got != "" {
			f.Fatalf("the recovery address is %q", got)
		}
		r := f.redemption(f.asked(second, newBrowser()))
		f.wantOutcome(f.redeemLink(r), signin.SignedIn)
		f.wantSessions(second, r.Session.Key)
	}},
	{"OfManyMovesOneHappens", func(f *fixture) {
		from := f.person("from")
		f.signIn(from)
		targets := []address.Address{f.person("to1"), f.person("to2"), f.person("to3")}
		errs := atOnce(f, 30, func(i int) (error, error) { return f.MovePerson(f.Context(), from, targets[i%3], f.now), nil })
		moved := 0
		for _, err := range errs {
			if err == nil {
				moved++
			} else if !errors.Is(err, people.ErrUnknown) && !errors.Is(err, account.ErrTaken) {
				f.Fatal(err)
			}
		}
		known := slices.DeleteFunc(targets, func(a address.Address) bool {
			_, found, err := f.Person(f.Context(), a)
			f.must(err)
			return !found
		})
		if moved != 1 || len(known) != 1 {
			f.Fatalf("%d moves happened, to %v", moved, known)
		}
		f.wantUnknown(from)
	}},
}

// moves moves somebody, and returns the session that took the place of theirs.
func (f *fixture) moves(s session.Entry, to address.Address) session.Key {
	f.Helper()
	return f.makes(s, account.Move, to).Renewed
}

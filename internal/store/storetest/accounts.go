package storetest

import (
	"errors"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
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
	{"AnotherProposalTakesThePlaceOfTheOneBefore", func(f *fixture) {
		s := f.signIn(f.person("a"))
		first := f.proposed(s, account.Recovery, f.person("b"))
		second := f.proposed(s, account.Recovery, f.person("c"))
		f.wantConfirmed(f.confirming(s, first), account.WrongCode)
		f.wantConfirmed(f.confirming(s, second), account.Made)
		if got := f.known(f.person("a")).Recovery; got != f.person("c") {
			f.Fatalf("the recovery address is %q", got)
		}
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
	{"OnlyASessionOfThePersonProposes", func(f *fixture) {
		who, other := f.signIn(f.person("a")), f.signIn(f.person("b"))
		p := f.proposal(who, account.Drop, "")
		p.Change.Person = other.Address
		if _, err := f.Propose(f.Context(), p); !errors.Is(err, account.ErrEnded) {
			f.Fatalf("proposing for somebody else: %v", err)
		}
		f.must(f.End(f.Context(), who.Address, who.Key))
		p = f.proposal(who, account.Drop, "")
		if _, err := f.Propose(f.Context(), p); !errors.Is(err, account.ErrEnded) {
			f.Fatalf("proposing in a session that ended: %v", err)
		}
		if _, found, _ := f.Message(f.Context(), p.Message.ID); found {
			f.Fatal("the message is kept")
		}
	}},
	{"WhoProvedThemselvesOtherwiseNeedsNoCodeOfThePresentAddress", func(f *fixture) {
		s := f.signIn(f.person("a"))
		p := f.proposal(s, account.Recovery, f.person("b"))
		p.Change.Present = false
		f.propose(p)
		if _, found, _ := f.Message(f.Context(), p.Message.ID); found {
			f.Fatal("a code goes to the present address")
		}
		c := f.confirming(s, p)
		c.Codes = nil
		f.wantConfirmed(c, account.Made)
	}},
	{"WhoseAnAddressIsShowsInNothing", func(f *fixture) {
		who, other, second := f.person("a"), f.person("b"), f.person("second")
		s := f.signIn(who)
		f.recovers(other, second)
		for _, taken := range []address.Address{other, second} {
			p := f.proposal(s, account.Recovery, taken)
			if got := f.propose(p); got.NewSilent != signin.SilentNotAllowed || got.Wait != 0 {
				f.Fatalf("proposing %s made %+v", taken, got)
			}
			if _, found, _ := f.Message(f.Context(), p.NewMessage.ID); found {
				f.Fatalf("%s is written to", taken)
			}
			f.wantPending(s, account.Change{Kind: account.Recovery, Person: who, Address: taken, Present: true, Expires: p.Change.Expires})
			if _, err := f.Confirm(f.Context(), f.confirming(s, p)); !errors.Is(err, account.ErrTaken) {
				f.Fatalf("confirming %s: %v", taken, err)
			}
		}
		if got := f.known(who).Recovery; got != "" {
			f.Fatalf("the recovery address is %q", got)
		}
	}},
	{"ProposalsAreCountedLikeAnyMessage", func(f *fixture) {
		s := f.signIn(f.person("a"))
		few := limit.Rule{Max: 2, Window: time.Hour}
		for name, c := range map[string]struct {
			bound func(*account.Proposal)
			want  signin.SilentReason
		}{
			"mailbox": {func(p *account.Proposal) { p.NewMailbox.Rule = few }, signin.SilentMailbox},
			"total": {func(p *account.Proposal) {
				p.Total = limit.Use{Name: "few of " + f.name, Rule: limit.Rule{Max: 5, Window: time.Hour}}
			}, signin.SilentTotal},
		} {
			to := f.person("b" + name)
			for i := range few.Max + 1 {
				p := f.proposal(s, account.Recovery, to)
				c.bound(&p)
				if got := f.propose(p); (got.NewSilent == c.want) != (i == few.Max) {
					f.Fatalf("proposal %d is silent for %q by %s", i+1, got.NewSilent, name)
				}
			}
		}
		p := f.proposal(s, account.Recovery, f.person("c"))
		p.Client.Rule.Max = 0
		if got := f.propose(p); got.Wait <= 0 {
			f.Fatalf("a network over its limit gets %+v", got)
		}
		p.Client.Rule, p.Daily = plenty, limit.Use{Name: "day of " + f.name, Rule: limit.Rule{Max: 1, Window: 24 * time.Hour}}
		f.propose(p)
		if _, err := f.Propose(f.Context(), p); !errors.Is(err, account.ErrTooMany) {
			f.Fatalf("over the limit of a day: %v", err)
		}
	}},
	{"ProposalsStopWhereTheirReaderWantsNoMore", func(f *fixture) {
		s, muted, blocked := f.signIn(f.person("a")), f.person("muted"), f.person("blocked")
		p := f.proposed(s, account.Recovery, muted)
		stopped, err := f.Stop(f.Context(), signin.Stopping{Now: f.now, Site: f.site, Message: p.NewMessage.ID, Until: f.now.Add(time.Hour)})
		if f.must(err); !stopped {
			f.Fatal("there is nothing to stop")
		}
		f.blocks(blocked)
		for who, want := range map[address.Address]signin.SilentReason{muted: signin.SilentMuted, blocked: signin.SilentBlocked} {
			if got := f.propose(f.proposal(s, account.Recovery, who)); got.NewSilent != want {
				f.Fatalf("a proposal to %s is silent for %q", who, got.NewSilent)
			}
		}
	}},
	{"ProposalsDoNotStandInTheWayOfASignIn", func(f *fixture) {
		s, victim := f.signIn(f.person("a")), f.person("victim")
		for range 2 * signin.MaxLiveLinks {
			f.propose(f.proposal(s, account.Recovery, victim))
		}
		f.wantSent(f.ask(f.asking(victim, newBrowser())))
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

var movePromises = []promise{
	{"WhoMovesTakesEverythingAlongButWhatSignsIn", func(f *fixture) {
		from, to, mine := f.person("from"), f.person("to"), newBrowser()
		r := f.redemption(f.asked(from, newBrowser()))
		r.Language, r.Mark = "pt", mine
		f.wantOutcome(f.redeemLink(r), signin.SignedIn)
		r.Session.Address = from
		f.recovers(from, f.person("second"))
		before := f.changed(from, func(p *people.Person) { p.Groups, p.Grants = []string{"staff"}, []people.Grant{{Site: "x"}} })
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

// proposal is a change that a session wants to make, far from every limit.
func (f *fixture) proposal(s session.Entry, kind account.Kind, to address.Address) account.Proposal {
	p := account.Proposal{
		Now: f.now, Session: s.Key, Code: newCode(), NewCode: newCode(), Message: f.message(s.Address), NewMessage: f.message(to),
		Change: account.Change{Kind: kind, Person: s.Address, Address: to, Present: true, Expires: f.now.Add(linkLife)},
		Client: limit.Use{Name: "network of " + f.name, Rule: plenty}, Daily: limit.Use{Name: string(s.Address), Rule: plenty},
		Mailbox: limit.Use{Name: s.Address.Fold(), Rule: plenty}, NewMailbox: limit.Use{Name: to.Fold(), Rule: plenty},
		Total: limit.Use{Name: "total of " + f.name, Rule: plenty},
	}
	p.Message.Kind, p.NewMessage.Kind = outbox.Confirm, outbox.Proof
	return p
}

func (f *fixture) propose(p account.Proposal) account.Proposed {
	f.Helper()
	proposed, err := f.Propose(f.Context(), p)
	f.must(err)
	return proposed
}

// proposed proposes a change whose messages have to be sent.
func (f *fixture) proposed(s session.Entry, kind account.Kind, to address.Address) account.Proposal {
	f.Helper()
	p := f.proposal(s, kind, to)
	if got := f.propose(p); got != (account.Proposed{}) {
		f.Fatalf("proposing made %+v", got)
	}
	return p
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

// moves moves somebody, and returns the session that took the place of theirs.
func (f *fixture) moves(s session.Entry, to address.Address) session.Key {
	f.Helper()
	return f.makes(s, account.Move, to).Renewed
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

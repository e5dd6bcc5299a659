package storetest

import (
	"errors"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var proposalPromises = []promise{
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
	{"OnlyASessionOfThePersonProposes", func(f *fixture) {
		who, other := f.signIn(f.person("a")), f.signIn(f.person("b"))
		p := f.proposal(who, account.Drop, "")
		p.Change.Person = other.Address
		if _, err := f.Propose(f.Context(), p); !errors.Is(err, session.ErrEnded) {
			f.Fatalf("proposing for somebody else: %v", err)
		}
		f.must(f.End(f.Context(), who.Address, who.Key))
		p = f.proposal(who, account.Drop, "")
		if _, err := f.Propose(f.Context(), p); !errors.Is(err, session.ErrEnded) {
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
		stopped, err := f.Stop(f.Context(), signin.Stopping{Now: f.now, Origin: f.site, Message: p.NewMessage.ID, Until: f.now.Add(time.Hour)})
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

package storetest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var barringPromises = []promise{
	{"WhoIsDisabledComesInUnderNoTag", func(f *fixture) {
		bad := f.person("bad")
		tagged := f.signIn(tag(bad, "known"))
		link := f.asked(tag(bad, "link"), newBrowser())
		invited := f.promised(tag(bad, "invited"), signin.ToSignIn, "")
		ended := f.listen()
		f.disables(bad)
		ended.want(f, tagged.Key, true)
		f.wantFound(tagged.Key, false)
		f.wantOutcome(f.redeemLink(f.redemption(link)), signin.NotAdmitted)
		f.wantOutcome(f.redeemLink(f.redemptionOf(invited)), signin.Used)
		for i, who := range []address.Address{bad, tag(bad, "known"), tag(bad, "invited"), tag(bad, "new"), tag(bad, "a+b")} {
			f.wantBarred(who, bad)
			other := f.person(fmt.Sprint("other", i))
			f.wantIn(other)
			f.wantIn(tag(other, "new"))
		}
		f.enables(bad)
		for _, who := range []address.Address{bad, tag(bad, "known"), tag(bad, "another")} {
			f.wantIn(who)
		}
		f.wantOutcome(f.redeemLink(f.redemption(link)), signin.SignedIn)
	}},
	{"OneWithATagKeepsTheWholeMailboxOut", func(f *fixture) {
		bad := f.person("bad")
		plain := f.signIn(bad)
		f.disables(tag(bad, "x"))
		f.wantFound(plain.Key, false)
		f.wantBarred(bad, tag(bad, "x"))
		f.wantBarred(tag(bad, "y"), tag(bad, "x"))
		f.disables(tag(bad, "y"))
		f.enables(tag(bad, "x"))
		f.wantBarred(bad, tag(bad, "y"))
		f.enables(tag(bad, "y"))
		f.wantIn(bad)
	}},
	{"DotsAreNoOtherMailboxWhereTheProviderIgnoresThem", func(f *fixture) {
		local := strings.ReplaceAll(f.name, "t", "t.")
		bad, err := address.Parse(strings.ToLower(f.name) + "@gmail.com")
		f.must(err)
		dotted, err := address.Parse(strings.ToLower(strings.Trim(local, ".")) + "x@googlemail.com")
		f.must(err)
		undotted, err := address.Parse(strings.ToLower(f.name) + "x@gmail.com")
		f.must(err)
		s := f.signIn(dotted)
		f.disables(undotted)
		f.wantFound(s.Key, false)
		f.wantBarred(dotted, undotted)
		f.wantIn(bad)
	}},
	{"WhatSomebodyDisabledHadOrProposedIsKeptOut", func(f *fixture) {
		names := []string{"first", "second", "third"}
		first, second, third := f.person(names[0]), f.person(names[1]), f.person(names[2])
		recovery, dropped, proposed := f.person("recovery"), f.person("dropped"), f.person("proposed")
		s := f.signIn(first)
		s.Key, s.Address = f.moves(s, second), second
		s.Key, s.Address = f.moves(s, third), third
		f.makes(s, account.Recovery, dropped)
		f.makes(s, account.Recovery, recovery)
		f.proposed(s, account.Recovery, proposed)
		f.wantIn(first) // as somebody new, so far
		f.disables(third)
		for _, who := range []address.Address{first, second, recovery, dropped, proposed} {
			f.wantBarred(who, third)
			f.wantBarred(tag(who, "new"), third)
		}
		f.enables(third)
		for _, who := range []address.Address{second, dropped, proposed, third} {
			f.wantIn(tag(who, "new"))
		}
		f.wantRecovers(recovery, third)
	}},
	{"WhatWasGivenUpLongAgoIsNotKeptOut", func(f *fixture) {
		first, second := f.person("first"), f.person("second")
		f.moves(f.signIn(first), second)
		_, err := f.ChangePerson(f.Context(), second, f.now.Add(people.FormerFor+time.Second), disable)
		f.must(err)
		f.wantIn(first)
		f.enables(second)
		_, err = f.ChangePerson(f.Context(), second, f.now.Add(people.FormerFor-time.Second), disable)
		f.must(err)
		f.wantBarred(first, second)
	}},
	{"NobodyIsKeptOutWhomSomebodyElseHasNamed", func(f *fixture) {
		// Whoever signs up can name a victim, and have themselves disabled.
		mallory := f.signIn(f.person("mallory"))
		known, fresh := f.person("known"), f.person("fresh")
		f.proposed(mallory, account.Recovery, known)
		f.proposed(mallory, account.Recovery, fresh)
		s := f.signIn(known)
		f.disables(mallory.Address)
		f.wantFound(s.Key, true)
		f.wantIn(known)
		f.wantBarred(fresh, mallory.Address)
		f.changed(fresh, func(*people.Person) {}) // an operator adds them
		f.wantIn(fresh)
	}},
	{"NobodyMovesToWhatIsKeptOut", func(f *fixture) {
		bad, s := f.person("bad"), f.signIn(f.person("a"))
		f.disables(bad)
		for _, kind := range []account.Kind{account.Move, account.Recovery} {
			p := f.proposal(s, kind, tag(bad, "x"))
			if got := f.propose(p); got.NewSilent != signin.SilentNotAllowed {
				f.Fatalf("proposing made %+v", got)
			}
			if _, err := f.Confirm(f.Context(), f.confirming(s, p)); !errors.Is(err, account.ErrTaken) {
				f.Fatalf("confirming: %v", err)
			}
		}
	}},
	{"AnOperatorWhoMovesSomebodyDisabledTakesTheBarsAlong", func(f *fixture) {
		from, to := f.person("from"), f.person("to")
		f.disables(from)
		f.must(f.MovePerson(f.Context(), from, to, f.now))
		f.wantBarred(from, to)
		f.wantBarred(tag(to, "x"), to)
		f.must(f.MovePerson(f.Context(), to, tag(from, "x"), f.now)) // what only they keep out is free for them
		f.wantBarred(to, tag(from, "x"))
		f.enables(tag(from, "x"))
		f.wantIn(from)
		f.wantIn(to)
	}},
	{"WhoIsRemovedKeepsNobodyOut", func(f *fixture) {
		bad := f.person("bad")
		f.disables(bad)
		f.must(f.RemovePerson(f.Context(), bad, f.now))
		f.wantIn(tag(bad, "x"))
		f.wantIn(bad)
	}},
	{"ABounceHoldsForEveryTagAndThatOfATagForItselfOnly", func(f *fixture) {
		gone, there := f.person("gone"), f.person("there")
		f.blocks(gone)
		f.blocks(tag(there, "nonsense")) // which anybody can make up
		for _, who := range []address.Address{gone, tag(gone, "x"), tag(gone, "y"), tag(there, "nonsense")} {
			f.wantSilent(f.ask(f.asking(who, newBrowser())), signin.SilentBlocked)
			f.wantSilence(f.promise(f.promising(who, signin.ToSignIn, "")), signin.SilentBlocked)
			later := f.askingAt(f.now.Add(outbox.BlockedFor+time.Second), who, newBrowser())
			f.wantSent(f.ask(later))
		}
		f.asked(there, newBrowser())
		f.asked(tag(there, "x"), newBrowser())
		for _, c := range []struct {
			who  address.Address
			want bool
		}{{tag(gone, "z"), true}, {gone, false}, {there, false}, {tag(there, "nonsense"), true}, {tag(there, "nonsense"), false}} {
			if was, err := f.Unblock(f.Context(), c.who); was != c.want || err != nil {
				f.Fatalf("unblocking %s: %v, %v, want %v", c.who, was, err, c.want)
			}
		}
		f.asked(tag(gone, "free"), newBrowser())
	}},
	{"WhoWantsNoMessagesGetsNoneUnderAnotherTag", func(f *fixture) {
		who := f.person("a")
		f.stopped(f.asked(tag(who, "x"), newBrowser()), time.Hour)
		for _, other := range []address.Address{who, tag(who, "x"), tag(who, "y")} {
			f.wantSilent(f.ask(f.asking(other, newBrowser())), signin.SilentMuted)
		}
		f.wantSent(f.ask(f.askingAt(f.now.Add(time.Hour), who, newBrowser())))
	}},
}

// tag is another address of the same mailbox.
func tag(who address.Address, tag string) address.Address {
	return address.Address(who.Local() + "+" + tag + "@" + who.Domain())
}

func disable(p *people.Person) error {
	p.Disabled = true
	return nil
}

func (f *fixture) disables(who address.Address) {
	f.Helper()
	_, err := f.ChangePerson(f.Context(), who, f.now, disable)
	f.must(err)
}

func (f *fixture) enables(who address.Address) {
	f.Helper()
	f.changed(who, func(p *people.Person) { p.Disabled = false })
}

// wantIn holds an address to be let in.
func (f *fixture) wantIn(who address.Address) {
	f.Helper()
	p, _, err := f.Person(f.Context(), who)
	if f.must(err); p.MayNotSignIn() {
		f.Fatalf("%s is %+v", who, p)
	}
	f.signIn(who)
}

// wantBarred holds an address to be kept out, with or by itself.
func (f *fixture) wantBarred(who, by address.Address) {
	f.Helper()
	p, _, err := f.Person(f.Context(), who)
	if f.must(err); who != by && p.Barred != by || !p.MayNotSignIn() {
		f.Fatalf("%s is %+v, want it kept out by %s", who, p, by)
	}
	f.wantSilent(f.ask(f.asking(who, newBrowser())), signin.SilentNotAllowed)
	f.wantSilent(f.ask(f.mayAsk(who)), signin.SilentNotAllowed)
	f.wantSilence(f.promise(f.promising(who, signin.ToSignIn, "")), signin.SilentNotAllowed)
	f.wantSessions(who)
}

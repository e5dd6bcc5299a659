package storetest

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var promisedPromises = []promise{
	{"ALinkThatNobodyAskedForSignsInInAnyBrowser", func(f *fixture) {
		who := f.person("a")
		p := f.promised(who, signin.ToSignIn, "")
		f.wantMessage(f.kept(p.Message.ID), filled(p.Message, true))
		if known := f.known(who); known.Revision != 1 || !known.Proven.IsZero() {
			f.Fatalf("who was invited is %+v", known)
		}
		r := f.redemptionOf(p)
		r.Elsewhere = false
		opened := f.redeemLink(r)
		f.wantOutcome(opened, signin.OtherBrowser)
		f.wantSameRequest(opened.Request, signin.Request{Address: who, Origin: f.site, To: "/there", Asked: f.now, Expires: p.Link.Expires, Invitation: true})
		r.Browser = signin.BrowserKey{} // one that has no mark did not ask either
		f.wantOutcome(f.redeemLink(r), signin.OtherBrowser)
		r.Elsewhere = true
		r.Session.Expires = r.Now.Add(time.Hour)
		redeemed := f.redeemLink(r)
		f.wantOutcome(redeemed, signin.SignedIn)
		if !redeemed.NewPerson {
			f.Error("who proves an address for the first time is not new")
		}
		f.wantFound(r.Session.Key, true)
		used := f.redeemLink(f.redemptionOf(p)) // for another session, else it may be the same step
		f.wantOutcome(used, signin.Used)
		if !used.Request.Invitation {
			f.Error("a used invitation is not known as one")
		}
	}},
	{"ALinkThatNobodyAskedForEndsAndIsBoundToItsRules", func(f *fixture) {
		p := f.promised(f.person("a"), signin.ToSignIn, "")
		r := f.redemptionOf(p)
		r.Policy = rulesNow
		redeemed := f.redeemLink(r)
		f.wantOutcome(redeemed, signin.PolicyChanged)
		if redeemed.Policy != rulesThen {
			f.Fatalf("the link was made under %q", redeemed.Policy)
		}
		r.Policy, r.Now = rulesThen, p.Link.Expires
		tooOld := f.redeemLink(r)
		f.wantOutcome(tooOld, signin.TooOld)
		if !tooOld.Request.Invitation {
			f.Error("an invitation that is too old is not known as one")
		}
		r.Now, r.Elsewhere = p.Link.Expires.Add(-time.Millisecond), false
		f.wantOutcome(f.redeemLink(r), alive)
	}},
	{"LinksThatNobodyAskedForAreMadeWhateverStrangersAskFor", func(f *fixture) {
		who := f.person("a")
		for range signin.MaxLiveLinks {
			f.asked(who, newBrowser())
			f.offered(who)
		}
		for range 2 {
			f.promised(who, signin.ToSignIn, "")
			f.promised(who, signin.ToDecide, "x")
		}
		owner := f.person("owner")
		for range 2 * signin.MaxLiveLinks {
			f.promised(owner, signin.ToDecide, "x")
		}
		f.wantFound(f.signIn(owner).Key, true)
	}},
	{"ASignInUsesUpOnlyLinksThatSignIn", func(f *fixture) {
		who := f.person("a")
		f.changed(f.person("b"), func(*people.Person) {})
		decide, ask := f.promised(who, signin.ToDecide, "x"), f.promised(who, signin.ToAsk, "")
		invite := f.promised(who, signin.ToSignIn, "")
		f.signIn(who)
		f.wantOutcome(f.redeemLink(f.redemptionOf(invite)), signin.Used)
		f.wantUse(decide, signin.LinkGood)
		f.wantUse(ask, signin.LinkGood)
	}},
	{"NobodyIsWrittenToWhoseMailboxIsBlocked", func(f *fixture) {
		who := f.person("a")
		f.blocks(who)
		for _, purpose := range []signin.Purpose{signin.ToSignIn, signin.ToAsk} {
			p := f.promising(who, purpose, "")
			f.wantSilence(f.promise(p), signin.SilentBlocked)
			if _, found, err := f.Message(f.Context(), p.Message.ID); found || err != nil {
				f.Fatalf("the message is kept: %v, %v", found, err)
			}
		}
		f.wantUnknown(who)
	}},
	{"WhatAStrangerMayHaveTypedIsNotSentWithoutLimits", func(f *fixture) {
		who := f.person("a")
		for _, kind := range []outbox.Kind{outbox.SignIn, outbox.Offer, outbox.Confirm, outbox.Proof} {
			p := f.promising(who, signin.ToSignIn, "")
			p.Message.Kind = kind
			if _, err := f.Promise(f.Context(), p); err == nil {
				f.Fatalf("a message of the kind %s is promised", kind)
			}
			if _, found, err := f.Message(f.Context(), p.Message.ID); found || err != nil {
				f.Fatalf("the message is kept: %v, %v", found, err)
			}
		}
		f.wantUnknown(who)
	}},
	{"AMessageGetsTheLanguageOfItsReader", func(f *fixture) {
		who := f.person("a")
		r := f.redemption(f.asked(who, newBrowser()))
		r.Language = "pt"
		f.wantOutcome(f.redeemLink(r), signin.SignedIn)
		p := f.promising(who, signin.ToSignIn, "")
		p.Message.Language = ""
		f.wantSilence(f.promise(p), signin.NotSilent)
		want := filled(p.Message, false)
		want.Language = "pt"
		f.wantMessage(f.kept(p.Message.ID), want)
	}},
	{"AMessageThatIsPromisedWaits", func(f *fixture) {
		waiting := make(chan struct{}, 100)
		f.Cleanup(f.OnWaiting(func() { waiting <- struct{}{} }))
		p := f.promised(f.person("a"), signin.ToSignIn, "")
		select {
		case <-waiting:
		case <-time.After(10 * time.Second):
			f.Fatal("nobody was told")
		}
		f.wantClaimed(f.claim(5), p.Message.ID)
	}},
}

// lasting is how long the links of the tests live that no browser asked for.
const lasting = 48 * time.Hour

// promising is a link that no browser asked for, about somebody.
func (f *fixture) promising(who address.Address, purpose signin.Purpose, subject address.Address) signin.Promised {
	p := signin.Promised{
		Now: f.now, Policy: rulesThen, To: "/there", Message: f.message(who),
		Link: signin.Link{Key: newLink(), Purpose: purpose, Address: who, Origin: f.site, Subject: string(subject), Expires: f.now.Add(lasting)},
	}
	p.Message.Kind = outbox.Invite
	return p
}

func (f *fixture) promise(p signin.Promised) signin.SilentReason {
	f.Helper()
	silent, err := f.Promise(f.Context(), p)
	f.must(err)
	return silent
}

// promised makes a link that has to be sent.
func (f *fixture) promised(who address.Address, purpose signin.Purpose, subject address.Address) signin.Promised {
	f.Helper()
	p := f.promising(who, purpose, subject)
	f.wantSilence(f.promise(p), signin.NotSilent)
	return p
}

func (f *fixture) wantSilence(got, want signin.SilentReason) {
	f.Helper()
	if got != want {
		f.Fatalf("the link is silent for %q, want %q", got, want)
	}
}

// redemptionOf is an attempt that was confirmed.
func (f *fixture) redemptionOf(p signin.Promised) signin.Redemption {
	r := f.redemption(f.asking(p.Link.Address, newBrowser()))
	r.Link, r.Elsewhere = p.Link.Key, true
	return r
}

// applyingWith is somebody who asks to be admitted with a link that says who
// they are.
func (f *fixture) submissionWith(u signin.Use) access.Submission {
	a := f.submission(f.person("nobody"))
	a.Use = &u
	return a
}

// filled is a message as the store completes it.
func filled(m outbox.Message, welcome bool) outbox.Message {
	m.Welcome = welcome
	return m
}

// blocks has a mailbox bounce.
func (f *fixture) blocks(who address.Address) {
	f.Helper()
	p := f.promised(who, signin.ToAsk, "")
	f.change(p.Message.ID, func(m *outbox.Message) error {
		m.GiveUp(f.now, outbox.Bounced, "mailer", "no such mailbox", 0)
		return nil
	})
}

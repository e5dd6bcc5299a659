package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var contextPromises = []promise{
	{"AskingWithACancelledContextRecordsNothing", func(f *fixture) {
		a := f.asking(f.person("a"), newBrowser())
		once := limit.Rule{Max: 1, Window: time.Hour}
		a.Client.Rule, a.Mailbox.Rule, a.Total.Rule = once, once, once
		asked, err := f.Ask(f.cancelled(), a)
		f.wantCancelled(err)
		if asked.Send {
			f.Error("a link is to be sent that was not stored")
		}
		f.wantNoRequest(a.Browser, f.now)
		f.wantLink(a, f.now, signin.TooOld)
		f.wantSent(f.ask(a))
	}},
	{"RedeemingWithACancelledContextUsesNothingUp", func(f *fixture) {
		a, old := f.asked(f.person("a"), newBrowser()), f.signIn(f.person("old"))
		ended := f.listen()
		for _, redeem := range []redeem{f.RedeemLink, f.RedeemCode} {
			r := f.redemption(a)
			r.Replace = old.Key
			redeemed, err := redeem(f.cancelled(), r)
			f.wantCancelled(err)
			if redeemed.Outcome == signin.SignedIn {
				f.Error("an attempt that failed is signed in")
			}
			f.wantFound(r.Session.Key, false)
		}
		r := f.redemption(a)
		r.Codes = []signin.CodeKey{newCode()}
		_, err := f.RedeemCode(f.cancelled(), r)
		f.wantCancelled(err)
		f.wantFound(old.Key, true)
		ended.want(f, old.Key, false)
		f.wantRequest(a, f.now)
		f.wantOutcome(f.redeemLink(f.redemption(a)), signin.SignedIn)
	}},
	{"NothingIsReadWithACancelledContext", func(f *fixture) {
		who := f.person("a")
		s := f.signIn(who)
		a := f.asked(who, newBrowser())
		_, found, err := f.Session(f.cancelled(), s.Key, f.now)
		f.wantCancelled(err)
		if found {
			f.Error("a session is found and an error returned")
		}
		_, found, err = f.Request(f.cancelled(), a.Browser, f.now)
		f.wantCancelled(err)
		if found {
			f.Error("a request is found and an error returned")
		}
		_, err = f.Sessions(f.cancelled(), who, f.now)
		f.wantCancelled(err)
	}},
	{"NothingIsKeptOfPeopleWithACancelledContext", func(f *fixture) {
		who, ctx := f.person("a"), f.cancelled()
		s, applied, link := f.signIn(who), f.submitted(f.person("b")), f.promised(f.person("c"), signin.ToAsk, "")
		before := f.known(who)
		for name, try := range map[string]func() error{
			"person": func() error { _, _, err := f.Person(ctx, who); return err },
			"people": func() error { _, err := f.People(ctx, people.Query{Max: 1}); return err },
			"change": func() error {
				_, err := f.ChangePerson(ctx, who, f.now, func(p *people.Person) error { p.Disabled = true; return nil })
				return err
			},
			"remove":          func() error { return f.RemovePerson(ctx, who, f.now) },
			"sessions":        func() error { _, _, err := f.AllSessions(ctx, "", 1, f.now); return err },
			"promise":         func() error { _, err := f.Promise(ctx, f.promising(f.person("d"), signin.ToSignIn, "")); return err },
			"link":            func() error { _, _, err := f.Link(ctx, useOf(link)); return err },
			"submit":          func() error { _, _, err := f.Submit(ctx, f.submission(who)); return err },
			"access request":  func() error { _, err := f.AccessRequest(ctx, applied.ID, f.now); return err },
			"access requests": func() error { _, _, err := f.AccessRequests(ctx, "", 1, f.now); return err },
			"decide":          func() error { _, _, err := f.Decide(ctx, f.deciding(applied, access.Granted)); return err },
			"propose":         func() error { _, err := f.Propose(ctx, f.proposal(s, account.Drop, "")); return err },
			"pending":         func() error { _, _, err := f.Pending(ctx, s.Key, f.now); return err },
			"confirm":         func() error { _, err := f.Confirm(ctx, account.Confirmation{Now: f.now, Session: s.Key}); return err },
			"move":            func() error { return f.MovePerson(ctx, who, f.person("c"), f.now) },
		} {
			if err := try(); !errors.Is(err, context.Canceled) {
				f.Errorf("%s: the error is %v, want that of the context", name, err)
			}
		}
		f.wantPerson(before)
		f.wantRecord(s.Key, s.Record)
		f.wantAccessRequest(applied)
		f.wantUse(link, signin.LinkGood)
		f.wantUnknown(f.person("d"))
	}},
	{"ACancelledContextLeavesSessionsAsTheyAre", func(f *fixture) {
		who := f.person("a")
		s := f.signIn(who)
		ended := f.listen()
		f.wantCancelled(f.Touch(f.cancelled(), s.Key, f.now.Add(time.Minute), s.Expires.Add(time.Minute)))
		f.wantCancelled(f.End(f.cancelled(), who, s.Key))
		f.wantCancelled(f.EndAll(f.cancelled(), who, session.Key{}))
		f.wantRecord(s.Key, s.Record)
		ended.want(f, s.Key, false)
	}},
}

func (f *fixture) cancelled() context.Context {
	ctx, cancel := context.WithCancel(f.Context())
	cancel()
	return ctx
}

func (f *fixture) wantCancelled(err error) {
	f.Helper()
	if !errors.Is(err, context.Canceled) {
		f.Fatalf("the error is %v, want that of the context", err)
	}
}

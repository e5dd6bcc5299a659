package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/doorpost-auth/doorpost/internal/limit"
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

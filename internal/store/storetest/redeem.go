package storetest

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var redeemPromises = []promise{
	{"ALinkSignsInOnce", func(f *fixture) {
		a := f.asked(f.person("a"), newBrowser())
		r := f.redemption(a)
		first := f.redeemLink(r)
		f.wantOutcome(first, signin.SignedIn)
		f.wantSameRequest(first.Request, ofLink(a.Request))
		for range 2 {
			again := f.redemption(a)
			again.Elsewhere = true
			f.wantOutcome(f.redeemLink(again), signin.Used)
			f.wantFound(again.Session.Key, false)
		}
		f.wantLink(a, f.now, signin.Used)
		f.wantSessions(a.Request.Address, r.Session.Key)
	}},
	{"AUsedLinkSaysSoUntilItIsForgotten", func(f *fixture) {
		a := f.asked(f.person("a"), newBrowser())
		f.wantOutcome(f.redeemLink(f.redemption(a)), signin.SignedIn)
		f.wantLink(a, a.Request.Expires.Add(time.Second), signin.Used)
		f.wantLink(a, a.Request.Expires.Add(signin.Remembered-time.Second), signin.Used)
	}},
	{"TheFirstLinkRedeemedKillsTheOthersOfItsAddress", func(f *fixture) {
		who, browser := f.person("a"), newBrowser()
		first, second, third := f.asked(who, browser), f.asked(who, newBrowser()), f.asked(who, browser)
		other := f.asked(f.person("b"), browser)
		f.wantOutcome(f.redeemLink(f.redemption(second)), signin.SignedIn)
		for _, a := range []signin.Asking{first, third} {
			f.wantOutcome(f.redeemLink(f.redemption(a)), signin.Used)
			f.wantOutcome(f.redeemCode(f.redemption(a)), signin.Used)
		}
		f.wantLink(other, f.now, alive)
	}},
	{"ALinkOfAnAddressThatBeginsLikeAnotherIsNoSibling", func(f *fixture) {
		short := f.person("a")
		long := short + ".au"
		a, b := f.asked(short, newBrowser()), f.asked(long, newBrowser())
		f.wantOutcome(f.redeemLink(f.redemption(a)), signin.SignedIn)
		f.wantLink(b, f.now, alive)
	}},
	{"AnotherBrowserHasToConfirm", func(f *fixture) {
		a := f.asked(f.person("a"), newBrowser())
		for _, browser := range []signin.BrowserKey{{}, newBrowser()} {
			r := f.redemption(a)
			r.Browser = browser
			redeemed := f.redeemLink(r)
			f.wantOutcome(redeemed, signin.OtherBrowser)
			f.wantSameRequest(redeemed.Request, ofLink(a.Request))
			f.wantFound(r.Session.Key, false)
		}
		r := f.redemption(a)
		r.Browser, r.Elsewhere = signin.BrowserKey{}, true
		f.wantOutcome(f.redeemLink(r), signin.SignedIn)
		f.wantFound(r.Session.Key, true)
	}},
	{"AtAnotherSiteALinkIsUnknown", func(f *fixture) {
		a := f.asked(f.person("a"), newBrowser())
		r := f.redemption(a)
		r.Origin = "https://other." + f.name + ".example.com"
		r.Elsewhere = true
		f.wantOutcome(f.redeemLink(r), signin.Unknown)
		f.wantOutcome(f.redeemCode(r), signin.Unknown)
		f.wantFound(r.Session.Key, false)
		f.wantOutcome(f.redeemLink(f.redemption(a)), signin.SignedIn)
	}},
	{"ALinkIsTooOldFromTheMomentInItsRecord", func(f *fixture) {
		a := f.asked(f.person("a"), newBrowser())
		r := f.redemption(a)
		for _, r.Now = range []time.Time{a.Request.Expires, a.Request.Expires.Add(signin.Remembered * 2)} {
			f.wantOutcome(f.redeemLink(r), signin.TooOld)
			f.wantOutcome(f.redeemCode(r), signin.Unknown)
			f.wantFound(r.Session.Key, false)
		}
		r.Now = a.Request.Expires.Add(-time.Millisecond)
		f.wantOutcome(f.redeemLink(r), signin.SignedIn)
	}},
	{"ALinkThatIsForgottenIsTooOld", func(f *fixture) {
		f.wantLink(f.asking(f.person("a"), newBrowser()), f.now, signin.TooOld)
	}},
	{"ALinkMadeUnderOtherRulesStaysAlive", func(f *fixture) {
		a := f.asked(f.person("a"), newBrowser())
		r := f.redemption(a)
		r.Policy = rulesNow
		for _, redeem := range []func(signin.Redemption) signin.Redeemed{f.redeemLink, f.redeemCode} {
			redeemed := redeem(r)
			f.wantOutcome(redeemed, signin.PolicyChanged)
			f.wantSameRequest(redeemed.Request, ofLink(a.Request))
			if redeemed.Policy != rulesThen {
				f.Fatalf("the link was made under %q, want %q", redeemed.Policy, rulesThen)
			}
		}
		f.wantFound(r.Session.Key, false)
		f.wantRequest(a, f.now) // no try was counted
		r.Policy = rulesThen
		f.wantOutcome(f.redeemLink(r), signin.SignedIn)
	}},
	{"AnotherBrowserIsToldSoWhateverTheRules", func(f *fixture) {
		r := f.redemption(f.asked(f.person("a"), newBrowser()))
		r.Browser, r.Policy = newBrowser(), rulesNow
		f.wantOutcome(f.redeemLink(r), signin.OtherBrowser)
		r.Elsewhere = true
		f.wantOutcome(f.redeemLink(r), signin.PolicyChanged)
	}},
}

// ofLink is what a link knows of its request: not what the browser typed.
func ofLink(r signin.Request) signin.Request {
	r.Typed, r.Tries = "", 0
	return r
}

var signInPromises = []promise{
	{"TheSessionIsMadeForTheAddressOfTheLink", func(f *fixture) {
		who := f.person("a")
		r := f.redemption(f.asked(who, newBrowser()))
		r.Session.Address = f.person("b")
		f.wantOutcome(f.redeemLink(r), signin.SignedIn)
		f.wantSessions(who, r.Session.Key)
		f.wantSessions(f.person("b"))
		r.Session.Address = who
		f.wantRecord(r.Session.Key, r.Session.Record)
	}},
	{"TheSessionThatTheBrowserHadEndsInTheSameStep", replaced},
	{"AnAttemptThatFailsEndsNoSession", func(f *fixture) {
		old := f.signIn(f.person("old"))
		r := f.redemption(f.asked(f.person("new"), newBrowser()))
		r.Replace, r.Browser = old.Key, newBrowser()
		f.wantOutcome(f.redeemLink(r), signin.OtherBrowser)
		f.wantOutcome(f.redeemCode(r), signin.Unknown)
		f.wantFound(old.Key, true)
	}},
	{"ASessionToReplaceThatIsGoneIsNoObstacle", func(f *fixture) {
		r := f.redemption(f.asked(f.person("a"), newBrowser()))
		r.Replace = session.NewID().Key()
		f.wantOutcome(f.redeemLink(r), signin.SignedIn)
		f.wantFound(r.Session.Key, true)
	}},
	{"APersonIsNewOnce", func(f *fixture) {
		who := f.person("a")
		for i := range 3 {
			r := f.redemption(f.asked(who, newBrowser()))
			redeem := f.redeemLink
			if i == 2 {
				redeem = f.redeemCode
			}
			redeemed := redeem(r)
			f.wantOutcome(redeemed, signin.SignedIn)
			if redeemed.NewPerson != (i == 0) {
				f.Errorf("sign-in %d makes a new person: %v", i+1, redeemed.NewPerson)
			}
		}
	}},
	{"ASecondSignInLeavesTheFirstSessionAlone", func(f *fixture) {
		who := f.person("a")
		first, second := f.signIn(who), f.signIn(who)
		f.wantSessions(who, first.Key, second.Key)
	}},
}

func replaced(f *fixture) {
	ended := f.listen()
	for _, redeem := range []func(signin.Redemption) signin.Redeemed{f.redeemLink, f.redeemCode} {
		who, before := f.person("new"), f.person("old")
		old, kept := f.signIn(before), f.signIn(before)
		r := f.redemption(f.asked(who, newBrowser()))
		r.Replace = old.Key
		f.wantOutcome(redeem(r), signin.SignedIn)
		ended.want(f, old.Key, true)
		ended.want(f, kept.Key, false)
		ended.want(f, r.Session.Key, false)
		f.wantFound(old.Key, false)
		f.wantSessions(before, kept.Key)
		f.wantFound(r.Session.Key, true)
		f.must(f.EndAll(f.Context(), before, session.Key{}))
	}
}

package storetest

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var codePromises = []promise{
	{"ACodeSignsInOnce", func(f *fixture) {
		a := f.asked(f.person("a"), newBrowser())
		r := f.redemption(a)
		// Another secret of the operator may have made the code.
		r.Codes = []signin.CodeKey{newCode(), a.Code}
		first := f.redeemCode(r)
		f.wantOutcome(first, signin.SignedIn)
		f.wantSameRequest(first.Request, ofLink(a.Request))
		f.wantFound(r.Session.Key, true)
		again := f.redemption(a)
		if got := f.redeemCode(again).Outcome; got != signin.Used {
			f.Errorf("a used code has outcome %d", got)
		}
		f.wantFound(again.Session.Key, false)
		f.wantLink(a, f.now, signin.Used)
	}},
	{"AnyLiveCodeOfTheBrowserCounts", func(f *fixture) {
		who, browser := f.person("a"), newBrowser()
		first, second := f.asked(who, browser), f.asked(who, browser)
		f.wantOutcome(f.redeemCode(f.redemption(first)), signin.SignedIn)
		f.wantLink(second, f.now, signin.Used)
	}},
	{"TheCodeOfAnotherBrowserIsWrong", func(f *fixture) {
		who := f.person("a")
		a, b := f.asked(who, newBrowser()), f.asked(who, newBrowser())
		r := f.redemption(a)
		r.Browser, r.Elsewhere = b.Browser, true
		redeemed := f.redeemCode(r)
		f.wantOutcome(redeemed, signin.WrongCode)
		if redeemed.TriesLeft != signin.MaxCodeTries-1 {
			f.Errorf("%d tries are left after the first", redeemed.TriesLeft)
		}
		f.wantFound(r.Session.Key, false)
		f.wantOutcome(f.redeemCode(f.redemption(a)), signin.SignedIn)
	}},
	{"ABrowserThatDidNotAskHasNoCode", func(f *fixture) {
		a := f.asked(f.person("a"), newBrowser())
		for _, browser := range []signin.BrowserKey{{}, newBrowser()} {
			r := f.redemption(a)
			r.Browser, r.Elsewhere = browser, true
			f.wantOutcome(f.redeemCode(r), signin.Unknown)
		}
	}},
	{"TheFifthWrongCodeEndsTheRequest", fifthWrongCode},
	{"ACodeIsGoodUntilTheLastTry", func(f *fixture) {
		a := f.asked(f.person("a"), newBrowser())
		for range signin.MaxCodeTries - 1 {
			f.wantOutcome(f.tryWrongCode(a, f.now), signin.WrongCode)
		}
		f.wantOutcome(f.redeemCode(f.redemption(a)), signin.SignedIn)
	}},
	{"AskingAgainDoesNotResetTheTriesOfALiveRequest", func(f *fixture) {
		browser := newBrowser()
		a := f.asked(f.person("a"), browser)
		f.wantTriesLeft(f.tryWrongCode(a, f.now), 4)
		f.wantTriesLeft(f.tryWrongCode(a, f.now), 3)
		again := f.askingAt(f.now.Add(linkLife-time.Second), f.person("b"), browser)
		f.wantSent(f.ask(again))
		f.wantTriesLeft(f.tryWrongCode(again, again.Now), 2)
		again.Request.Tries = 3
		f.wantRequest(again, again.Now)

		silent := f.askingAt(again.Now, f.person("c"), browser)
		silent.Admission = people.Admission{}
		f.wantSilent(f.ask(silent), signin.SilentNotAllowed)
		f.wantTriesLeft(f.tryWrongCode(silent, silent.Now), 1)
		f.wantOutcome(f.tryWrongCode(silent, silent.Now), signin.RequestEnded)
		f.wantLink(again, silent.Now, alive)
	}},
	{"ARequestThatIsOverTakesItsTriesWithIt", func(f *fixture) {
		browser := newBrowser()
		a := f.asked(f.person("a"), browser)
		f.wantTriesLeft(f.tryWrongCode(a, f.now), 4)
		f.wantOutcome(f.tryWrongCode(a, a.Request.Expires), signin.Unknown)
		again := f.askingAt(a.Request.Expires, f.person("a"), browser)
		f.wantSent(f.ask(again))
		f.wantTriesLeft(f.tryWrongCode(again, again.Now), 4)
		r := f.redemption(again)
		r.Codes = []signin.CodeKey{a.Code}
		f.wantTriesLeft(f.redeemCode(r), 3) // the code of the old link is wrong by now
	}},
	{"WrongCodesOfOneBrowserLeaveOthersAlone", func(f *fixture) {
		who := f.person("a")
		a, b := f.asked(who, newBrowser()), f.asked(who, newBrowser())
		for range signin.MaxCodeTries {
			f.tryWrongCode(a, f.now)
		}
		f.wantLink(a, f.now, alive)
		f.wantLink(b, f.now, alive)
		f.wantRequest(b, f.now)
		f.wantOutcome(f.redeemCode(f.redemption(b)), signin.SignedIn)
	}},
}

func fifthWrongCode(f *fixture) {
	who, browser := f.person("a"), newBrowser()
	a, b := f.asked(who, browser), f.asked(who, browser)
	for left := signin.MaxCodeTries - 1; left > 0; left-- {
		f.wantTriesLeft(f.tryWrongCode(b, f.now), left)
	}
	f.wantOutcome(f.tryWrongCode(b, f.now), signin.RequestEnded)
	for _, ended := range []signin.Asking{a, b} {
		r := f.redemption(ended)
		f.wantOutcome(f.redeemCode(r), signin.RequestEnded)
		f.wantFound(r.Session.Key, false)
		f.wantLink(ended, f.now, alive) // whoever typed the codes does not end what is in the mailbox
	}
	f.wantSessions(who)

	again := f.asked(who, browser)
	f.wantTriesLeft(f.tryWrongCode(again, f.now), signin.MaxCodeTries-1)
	f.wantOutcome(f.redeemLink(f.redemption(a)), signin.SignedIn)
}

func (f *fixture) wantTriesLeft(got signin.Redeemed, left int) {
	f.Helper()
	f.wantOutcome(got, signin.WrongCode)
	if got.TriesLeft != left {
		f.Fatalf("%d tries are left, want %d", got.TriesLeft, left)
	}
}

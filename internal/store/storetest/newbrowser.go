package storetest

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var newBrowserPromises = []promise{
	{"SomebodyIsToldOfASignInInABrowserThatIsNewToThem", func(f *fixture) {
		who, mine := f.person("a"), newBrowser()
		f.wantTold(f.enters(who, mine), false) // the first time
		f.wantTold(f.enters(who, mine), false)
		told := f.enters(who, newBrowser())
		f.wantTold(told, true)
		if m := f.kept(told.message.ID); m.Language != "de" || m.Welcome {
			f.Fatalf("the message is in %q, a welcome: %v", m.Language, m.Welcome)
		}
		f.wantTold(f.enters(who, mine), false)
		f.wantTold(f.enters(f.person("b"), mine), false)
	}},
	{"ACodeTellsOfANewBrowserToo", func(f *fixture) {
		who := f.person("a")
		f.enters(who, newBrowser())
		e := f.entering(who, newBrowser())
		f.wantOutcome(f.redeemCode(e.redemption), signin.SignedIn)
		f.wantTold(e, true)
	}},
	{"NobodyIsToldOfASignInThatFails", func(f *fixture) {
		who := f.person("a")
		f.enters(who, newBrowser())
		e := f.entering(who, newBrowser())
		e.redemption.Policy = rulesNow
		f.wantOutcome(f.redeemLink(e.redemption), signin.PolicyChanged)
		f.wantTold(e, false)
	}},
	{"WhetherSomebodyCanBeToldOfANewBrowserDecidesNothing", func(f *fixture) {
		for name, forbid := range map[string]func(who address.Address, r *signin.Redemption){
			"mailbox": func(_ address.Address, r *signin.Redemption) { r.Mailbox.Max = 0 },
			"total":   func(_ address.Address, r *signin.Redemption) { r.Total.Rule.Max = r.Reserve },
			"blocked": func(who address.Address, _ *signin.Redemption) { f.blocks(who) },
			"muted":   func(who address.Address, _ *signin.Redemption) { f.stopped(f.asked(who, newBrowser()), time.Hour) },
			"off":     func(_ address.Address, r *signin.Redemption) { r.NewBrowser = nil },
		} {
			who := f.person(name)
			f.enters(who, newBrowser())
			f.enters(who, newBrowser())
			e := f.entering(who, newBrowser())
			forbid(who, &e.redemption)
			f.wantOutcome(f.redeemLink(e.redemption), signin.SignedIn)
			f.wantTold(e, false)
		}
	}},
	{"WhoIsToldOfTheirRecoveryAddressIsNotToldOfTheBrowser", func(f *fixture) {
		who, second := f.person("a"), f.person("second")
		f.signIn(who)
		f.recovers(who, second)
		e := f.entering(second, newBrowser())
		e.redemption.Policy = ""
		recovered := f.message(who)
		recovered.Kind = outbox.Recovered
		e.redemption.Recovered = func(address.Address) outbox.Message { return recovered }
		f.wantOutcome(f.redeemLink(e.redemption), signin.SignedIn)
		f.wantTold(e, false)
		f.kept(recovered.ID)
	}},
}

// entering is somebody about to sign in, with the message that would tell them.
type entering struct {
	redemption signin.Redemption
	message    outbox.Message
}

func (f *fixture) entering(who address.Address, mark signin.BrowserKey) entering {
	f.Helper()
	e := entering{f.redemption(f.asked(who, newBrowser())), f.message(who)}
	e.message.Kind, e.message.Language = outbox.NewBrowser, ""
	e.redemption.Mark, e.redemption.Mailbox, e.redemption.Total = mark, plenty, limit.Use{Name: "total of " + f.name, Rule: plenty}
	e.redemption.Reserve, e.redemption.Language = 1, "de"
	e.redemption.NewBrowser = func(address.Address) outbox.Message { return e.message }
	return e
}

// enters signs somebody in.
func (f *fixture) enters(who address.Address, mark signin.BrowserKey) entering {
	f.Helper()
	e := f.entering(who, mark)
	f.wantOutcome(f.redeemLink(e.redemption), signin.SignedIn)
	return e
}

func (f *fixture) wantTold(e entering, want bool) {
	f.Helper()
	_, told, err := f.Message(f.Context(), e.message.ID)
	f.must(err)
	if told != want {
		f.Fatalf("told of the browser: %v, want %v", told, want)
	}
}

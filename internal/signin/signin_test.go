package signin_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/memstore"
)

// letter is a message that was promised, with what it says.
type letter struct {
	outbox.Message
	signin.Promise
}

// desk is a service on a memory store, and a site.
type desk struct {
	*signin.Service
	outbox outbox.Store
	sealer outbox.Sealer
	site   signin.Site
}

// letters are the messages that were promised, the oldest first.
func (d *desk) letters(t *testing.T) (letters []letter) {
	t.Helper()
	messages, _, err := d.outbox.Messages(t.Context(), "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range slices.Backward(messages) {
		p, err := signin.OpenPromise(d.sealer, m)
		if err != nil {
			t.Fatal(err)
		}
		letters = append(letters, letter{m, p})
	}
	return letters
}

// asked asks and returns the message that is promised.
func (d *desk) asked(t *testing.T, browser signin.Browser, who address.Address) letter {
	t.Helper()
	known := make(map[string]bool)
	for _, l := range d.letters(t) {
		known[l.ID] = true
	}
	d.ask(t, browser, who)
	for _, l := range d.letters(t) {
		if !known[l.ID] {
			return l
		}
	}
	t.Fatal("no message was promised")
	return letter{}
}

func rules(t *testing.T, allow ...string) *people.Rules {
	t.Helper()
	r, err := people.NewRules(allow, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	store, err := memstore.New()
	if err != nil {
		t.Fatal(err)
	}
	ring, err := keys.NewRing(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	many := limit.Rule{Max: 1000, Window: time.Hour}
	return &desk{
		Service: signin.NewService(ring, signin.Service{
			Store: store, LinkLife: 10 * time.Minute, Mute: time.Hour,
			Limits:   signin.Limits{Mailbox: many, Client: many, Total: many},
			Sessions: session.Limits{Idle: time.Hour, Absolute: 24 * time.Hour},
		}),
		outbox: store, sealer: outbox.NewSealer(ring), site: signin.Site{Origin: "https://app.example.com", Rules: rules(t, "*@corp.example")},
	}
}

func (d *desk) ask(t *testing.T, browser signin.Browser, who address.Address) {
	t.Helper()
	wait, err := d.Ask(t.Context(), d.site, signin.Ask{Browser: browser, Address: who, Typed: string(who), To: "/there?x=1", Network: "192.0.2.1"})
	if err != nil || wait != 0 {
		t.Fatalf("asking: wait %v, %v", wait, err)
	}
}

func (d *desk) redeem(t *testing.T, site signin.Site, a signin.Attempt) signin.Result {
	t.Helper()
	a.Scope = site.Origin
	step := d.RedeemLink
	if a.Code != "" {
		step = d.RedeemCode
	}
	result, err := step(t.Context(), site, a)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestLinkAndCodeSignInTheBrowserThatAsked(t *testing.T) {
	for _, byCode := range []bool{false, true} {
		d, browser := newDesk(t), signin.NewBrowser()
		p := d.asked(t, browser, "alice@corp.example")
		if !p.Welcome || p.To != "alice@corp.example" {
			t.Fatalf("the promise is %+v", p)
		}
		attempt := signin.Attempt{Browser: browser, Token: p.Token}
		if byCode {
			attempt = signin.Attempt{Browser: browser, Code: p.Code}
		}
		result := d.redeem(t, d.site, attempt)
		if result.Outcome != signin.SignedIn || !result.NewPerson || result.Request.To != "/there?x=1" || result.SessionID == (session.ID{}) {
			t.Fatalf("by code %v: %+v", byCode, result)
		}
		if d.asked(t, browser, "alice@corp.example").Welcome {
			t.Error("somebody who has signed in before is welcomed as new")
		}
	}
}

func TestWhoIsNotAdmittedGetsNoMessageAndTheSameAnswer(t *testing.T) {
	d, browser := newDesk(t), signin.NewBrowser()
	d.ask(t, browser, "mallory@evil.example")
	if letters := d.letters(t); len(letters) != 0 {
		t.Fatalf("promised: %+v", letters)
	}
	request, found, err := d.Request(t.Context(), d.site, browser)
	if err != nil || !found || request.Typed != "mallory@evil.example" {
		t.Fatalf("the request is %+v, %v, %v", request, found, err)
	}
	for left := signin.MaxCodeTries - 1; left > 0; left-- {
		if result := d.redeem(t, d.site, signin.Attempt{Browser: browser, Code: "ABCD-2345"}); result.Outcome != signin.WrongCode || result.TriesLeft != left {
			t.Fatalf("a code gives %+v, want %d tries left", result, left)
		}
	}
}

func TestTheRulesAreAskedAgainAtRedemption(t *testing.T) {
	d, browser := newDesk(t), signin.NewBrowser()
	attempt := signin.Attempt{Browser: browser, Token: d.asked(t, browser, "alice@corp.example").Token}

	narrower := signin.Site{Origin: d.site.Origin, Rules: rules(t, "bob@corp.example")}
	if result := d.redeem(t, narrower, attempt); result.Outcome != signin.NotAdmitted || result.SessionID != (session.ID{}) {
		t.Fatalf("under narrower rules: %+v", result)
	}
	wider := signin.Site{Origin: d.site.Origin, Rules: rules(t, "*")}
	if result := d.redeem(t, wider, attempt); result.Outcome != signin.SignedIn {
		t.Fatalf("under other rules that admit: %+v", result)
	}
}

func TestALinkIsGoodForItsSiteOnly(t *testing.T) {
	d, browser := newDesk(t), signin.NewBrowser()
	p := d.asked(t, browser, "alice@corp.example")
	other := signin.Site{Origin: "https://other.example.com", Rules: d.site.Rules}
	for _, attempt := range []signin.Attempt{{Browser: browser, Token: p.Token}, {Browser: browser, Code: p.Code}, {Token: p.Token, Elsewhere: true}} {
		if result := d.redeem(t, other, attempt); result.Outcome != signin.Unknown {
			t.Errorf("at another site: %+v", result)
		}
	}
	if _, found, err := d.Request(t.Context(), other, browser); found || err != nil {
		t.Errorf("another site knows what was asked for: %v, %v", found, err)
	}
}

func TestAnotherBrowserNeedsAConfirmationAndCannotUseTheCode(t *testing.T) {
	d, browser := newDesk(t), signin.NewBrowser()
	p := d.asked(t, browser, "alice@corp.example")
	for _, other := range []signin.Browser{{}, signin.NewBrowser()} {
		if result := d.redeem(t, d.site, signin.Attempt{Browser: other, Token: p.Token}); result.Outcome != signin.OtherBrowser || result.Request.Address != "alice@corp.example" {
			t.Errorf("another browser: %+v", result)
		}
		if result := d.redeem(t, d.site, signin.Attempt{Browser: other, Code: p.Code}); result.Outcome != signin.Unknown {
			t.Errorf("another browser with the code: %+v", result)
		}
	}
	if result := d.redeem(t, d.site, signin.Attempt{Token: p.Token, Elsewhere: true}); result.Outcome != signin.SignedIn {
		t.Errorf("confirmed: %+v", result)
	}
}

// brokenStore fails at everything.
type brokenStore struct{ signin.Store }

var errBroken = errors.New("disk full")

func (brokenStore) Ask(context.Context, signin.Asking) (signin.Asked, error) {
	return signin.Asked{Send: true}, errBroken
}

func (brokenStore) RedeemLink(context.Context, signin.Redemption) (signin.Redeemed, error) {
	return signin.Redeemed{Outcome: signin.SignedIn}, errBroken
}

func TestWhatTheStoreDidNotKeepIsNotPromised(t *testing.T) {
	d := newDesk(t)
	token := d.asked(t, signin.NewBrowser(), "alice@corp.example").Token
	d.Store = brokenStore{}
	_, err := d.Ask(t.Context(), d.site, signin.Ask{Browser: signin.NewBrowser(), Address: "alice@corp.example"})
	if fault.KindOf(err) != fault.Unavailable || !errors.Is(err, errBroken) || len(d.letters(t)) != 1 {
		t.Errorf("asking: %v, %d promises", err, len(d.letters(t)))
	}
	result, err := d.RedeemLink(t.Context(), d.site, signin.Attempt{Token: token})
	if fault.KindOf(err) != fault.Unavailable || result.SessionID != (session.ID{}) {
		t.Errorf("redeeming: %+v, %v", result, err)
	}
}

func TestAMessageIsSealedAndNamedAfterItsLink(t *testing.T) {
	d, browser := newDesk(t), signin.NewBrowser()
	first, second := d.asked(t, browser, "alice@corp.example"), d.asked(t, browser, "alice@corp.example")
	if first.ID == second.ID || first.Token == second.Token {
		t.Error("two messages are alike")
	}
	kept := fmt.Sprintf("%q %+v", first.Sealed, first.Message)
	if strings.Contains(kept, first.Token) || strings.Contains(kept, first.Code) {
		t.Error("what is kept shows the link or the code")
	}
	if left := first.Expires.Sub(first.Deadline); left.Round(time.Second) != 2*time.Minute {
		t.Errorf("a message is sent until %v before the end of its link", left)
	}
	moved := first.Message
	moved.To = "mallory@corp.example"
	if _, err := signin.OpenPromise(d.sealer, moved); err == nil {
		t.Error("a message opens for another address")
	}
	ring, err := keys.NewRing(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signin.OpenPromise(outbox.NewSealer(ring), first.Message); err == nil {
		t.Error("a message opens with another secret")
	}
}

func TestStoppingTakesTheTokenOfItsSite(t *testing.T) {
	d, browser := newDesk(t), signin.NewBrowser()
	p := d.asked(t, browser, "alice@corp.example")
	other := signin.Site{Origin: "https://other.example.com", Rules: d.site.Rules}
	for _, try := range []struct {
		site  signin.Site
		token string
		want  bool
	}{{d.site, "", false}, {d.site, strings.Repeat("a", 40), false}, {other, p.Token, false}, {d.site, p.Token, true}, {d.site, p.Token, true}} {
		if stopped, err := d.Stop(t.Context(), try.site, try.token); stopped != try.want || err != nil {
			t.Errorf("stopping with %q at %s: %v, %v", try.token, try.site.Origin, stopped, err)
		}
	}
	if result := d.redeem(t, d.site, signin.Attempt{Browser: browser, Token: p.Token}); result.Outcome != signin.Used {
		t.Errorf("the link of a request that was stopped: %+v", result)
	}
	d.ask(t, browser, "alice@corp.example")
	if n := len(d.letters(t)); n != 1 {
		t.Errorf("there are %d messages after the stop", n)
	}
}

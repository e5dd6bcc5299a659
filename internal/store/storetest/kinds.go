package storetest

import (
	"fmt"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var kindPromises = []promise{
	{"NoKindOfMessageUsesUpTheMailboxOfAnother", func(f *fixture) {
		f.eachPair(func(r reader, first, second way) {
			const most = 2
			r.mailbox.Rule.Max = most
			r.wantUsedUp(first, most, signin.SilentMailbox)
			want := signin.NotSilent
			if first.counter == second.counter {
				want = signin.SilentMailbox
			}
			r.wantSilent(second, want)
		})
	}},
	{"EveryKindOfMessageCountsForTheTotalAndOnlySignInsHaveItsReserve", func(f *fixture) {
		f.eachPair(func(r reader, first, second way) {
			const most, reserve = 2, 1
			r.total.Rule.Max, r.reserve = most, reserve
			if first.reserved {
				r.wantUsedUp(first, most, signin.SilentTotal)
				r.wantSilent(second, signin.SilentTotal)
				return
			}
			r.wantUsedUp(first, most-reserve, signin.SilentTotal)
			want := signin.SilentTotal
			if second.reserved {
				want = signin.NotSilent
			}
			r.wantSilent(second, want)
		})
	}},
	{"EveryKindOfMessageCountsForTheNetwork", func(f *fixture) {
		f.eachPair(func(r reader, first, second way) {
			r.client.Rule.Max = 1
			r.wantSilent(first, signin.NotSilent)
			if _, wait := second.send(r); wait <= 0 {
				r.Fatalf("after %s the network gets %s", first.name, second.name)
			}
		})
	}},
}

// way is how a message comes to a mailbox that somebody typed.
type way struct {
	name     string
	counter  string // ways with the same one use up each other's limit of the mailbox
	reserved bool   // it has the reserve of all messages
	send     func(reader) (silent signin.SilentReason, wait time.Duration)
}

var ways = []way{
	{"a link to sign in", "strangers", false, func(r reader) (signin.SilentReason, time.Duration) {
		return r.asks(r.asking(r.session.Address, newBrowser()))
	}},
	{"a link to sign in, in a familiar browser", "familiar", true, func(r reader) (signin.SilentReason, time.Duration) {
		return r.asks(r.asking(r.session.Address, r.browser))
	}},
	{"an offer to ask", "offers", false, func(r reader) (signin.SilentReason, time.Duration) {
		return r.asks(r.mayAsk(r.session.Address))
	}},
	{"an offer to ask, in a familiar browser", "offers", false, func(r reader) (signin.SilentReason, time.Duration) {
		a := r.mayAsk(r.session.Address)
		a.Browser = r.browser
		return r.asks(a)
	}},
	{"a code for a change", "codes", false, func(r reader) (signin.SilentReason, time.Duration) {
		got := r.proposes(r.proposal(r.session, account.Leave, ""))
		return got.Silent, got.Wait
	}},
	{"a code that proves an address", "proofs", false, func(r reader) (signin.SilentReason, time.Duration) {
		p := r.proposal(r.other, account.Recovery, r.spelling)
		p.Change.Present = false
		got := r.proposes(p)
		return got.NewSilent, got.Wait
	}},
}

// reader is somebody to whom messages come in each way, and limits that nobody else
// has.
type reader struct {
	*fixture
	browser                signin.BrowserKey // familiar to them
	session, other         session.Entry     // of them, and of a stranger
	spelling               address.Address   // of the same mailbox, and nobody's
	client, mailbox, total limit.Use
	reserve                int
}

// eachPair tries each two ways with a new reader.
func (f *fixture) eachPair(try func(r reader, first, second way)) {
	stranger := f.signIn(f.person("stranger"))
	for i, first := range ways {
		for j, second := range ways {
			name := fmt.Sprintf("%d-%d-", i, j)
			use := limit.Use{Name: name + f.name, Rule: plenty}
			r := reader{fixture: f, browser: newBrowser(), other: stranger, spelling: f.person("other-" + name), client: use, mailbox: use, total: use}
			redemption := f.redemption(f.asked(f.person(name), newBrowser()))
			redemption.Mark = r.browser
			f.wantOutcome(f.redeemLink(redemption), signin.SignedIn)
			r.session = redemption.Session
			r.session.Address = f.person(name)
			try(r, first, second)
		}
	}
}

func (r reader) asks(a signin.Asking) (signin.SilentReason, time.Duration) {
	r.Helper()
	a.Client, a.Mailbox, a.Total, a.Reserve = r.client, r.mailbox, r.total, r.reserve
	asked := r.ask(a)
	return asked.Silent, asked.Wait
}

func (r reader) proposes(p account.Proposal) account.Proposed {
	r.Helper()
	p.Client, p.Mailbox, p.NewMailbox, p.Total, p.Reserve = r.client, r.mailbox, r.mailbox, r.total, r.reserve
	return r.propose(p)
}

// wantUsedUp has messages of a way sent until a limit is met.
func (r reader) wantUsedUp(w way, most int, by signin.SilentReason) {
	r.Helper()
	for range most {
		r.wantSilent(w, signin.NotSilent)
	}
	r.wantSilent(w, by)
}

func (r reader) wantSilent(w way, want signin.SilentReason) {
	r.Helper()
	if got, wait := w.send(r); got != want || wait != 0 {
		r.Fatalf("%s is silent for %q and waits %v, want %q", w.name, got, wait, want)
	}
}

package modeltest

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"pgregory.net/rapid"
)

// store is what is led through a history.
type store interface {
	signin.Store
	session.Store
	people.Store
	account.Store
	passkey.Store
}

// The world of a history is small, so that its parts meet.
var (
	persons  = []address.Address{"ada@example.com", "bob@example.com", "ada+tag@example.com"}
	sites    = []string{"https://one.example", "https://two.example"}
	policies = []string{"then", "now"}
	browsers = []signin.BrowserKey{{1}, {2}, {3}}
	steps    = []time.Duration{time.Millisecond, time.Second, 4 * time.Minute, 10 * time.Minute, 2 * time.Hour}
)

const (
	linkLife    = 10 * time.Minute
	sessionLife = 30 * time.Minute
)

// mailboxRule is met now and then.
var mailboxRule = limit.Rule{Max: 5, Window: time.Hour}

// history is a store beside its model.
type history struct {
	*model
	store  store
	reopen func() store // after a crash; nil where nothing is kept
}

func newHistory(s store, reopen func() store) *history {
	return &history{store: s, reopen: reopen, model: &model{
		now: time.Now().Truncate(time.Second), requests: make(map[signin.BrowserKey]*request),
		familiar: make(map[address.Address][]signin.BrowserKey), muted: make(map[string]time.Time),
		known: make(map[address.Address]known), trails: make(map[address.Address][]address.Address), bars: make(map[address.Address][]string),
		counts: make(map[string]limit.Count), rings: make(map[address.Address]passkey.Keyring),
	}}
}

// number makes the next key, the same in each run of a history.
func (h *history) number() (key [16]byte) {
	h.made++
	binary.BigEndian.PutUint64(key[8:], uint64(h.made))
	return key
}

func one[T any](t *rapid.T, of []T, what string) T { return rapid.SampledFrom(of).Draw(t, what) }

func yes(t *rapid.T, what string) bool { return rapid.Bool().Draw(t, what) }

// someLink is a link that was made, the later ones more often.
func (h *history) someLink(t *rapid.T) *link {
	if len(h.links) == 0 {
		t.Skip("no link was made")
	}
	return h.links[len(h.links)-1-rapid.IntRange(0, min(5, len(h.links)-1)).Draw(t, "link, from the last")]
}

// someVisit is a session that was made, the later ones more often.
func (h *history) someVisit(t *rapid.T) *visit {
	return h.visits[len(h.visits)-1-rapid.IntRange(0, min(3, len(h.visits)-1)).Draw(t, "session, from the last")]
}

func (h *history) ask(t *rapid.T) {
	plenty := limit.Rule{Max: 1_000_000, Window: time.Hour}
	a := signin.Asking{
		Now: h.now, Browser: one(t, browsers, "browser"), Policy: one(t, policies, "policy"),
		Request: signin.Request{Address: one(t, persons, "person"), Origin: one(t, sites, "site"), To: "/", Asked: h.now, Expires: h.now.Add(linkLife)},
		Client:  limit.Use{Name: "c", Rule: plenty}, Total: limit.Use{Name: "t", Rule: plenty},
	}
	if rapid.IntRange(0, 5).Draw(t, "admitted unless 0") > 0 {
		a.Admission = people.Admission{Ways: []people.Way{{Open: true}}}
	}
	a.Request.Typed, a.Mailbox = string(a.Request.Address), limit.Use{Name: a.Request.Address.Fold(), Rule: mailboxRule}
	id, code := h.number(), h.number()
	copy(a.Link[:], id[:])
	copy(a.Code[:], code[:])
	// Any link before this one is another: the first bytes of a key are zero
	// otherwise.
	a.Link[0], a.Code[0] = 1, 1
	a.Message = h.message(outbox.SignIn, a.Request.Address, a.Request.Origin)
	got, err := h.store.Ask(context.Background(), a)
	want := h.asked(a)
	if err != nil || got.Silent != want || got.Send != (want == signin.NotSilent) {
		t.Fatalf("asking made %+v, %v, want %q", got, err, want)
	}
}

func (h *history) arrival(site string) signin.Arrival {
	return signin.Arrival{Now: h.now, Session: session.Entry{
		Key: session.Key(h.number()), Record: session.Record{Scope: site, SignedIn: h.now, Seen: h.now, Expires: h.now.Add(sessionLife)},
	}}
}

// message is one about somebody, to them.
func (h *history) message(kind outbox.Kind, to address.Address, site string) outbox.Message {
	h.number()
	return outbox.Message{
		ID: fmt.Sprintf("m%025d", h.made), Kind: kind, To: to, Origin: site, Sealed: []byte("x"),
		Created: h.now, Deadline: h.now.Add(linkLife - time.Minute), State: outbox.Queued, Since: h.now, Due: h.now,
	}
}

// redemption is an attempt with all that it may bring along.
func (h *history) redemption(t *rapid.T, l *link) signin.Redemption {
	r := signin.Redemption{
		Origin: l.site, Browser: l.browser, Link: l.key, Policy: l.policy, Codes: []signin.CodeKey{l.code, {9}}, Elsewhere: yes(t, "confirmed"),
		Arrival: h.arrival(l.site),
	}
	// Mostly as it should be, now and then not.
	odd := func(what string) bool { return rapid.IntRange(0, 3).Draw(t, what+" if 0") == 0 }
	if odd("another site") {
		r.Origin = one(t, sites, "site")
	}
	if odd("another browser") {
		r.Browser = one(t, append(browsers, signin.BrowserKey{}), "browser")
	}
	if odd("other rules") {
		r.Policy = one(t, policies, "policy")
	}
	if len(h.visits) > 0 && odd("in place of a session") {
		r.Replace = one(t, h.visits, "session").key
	}
	if odd("familiar from now on") {
		r.Mark = r.Browser
	}
	if odd("person looked at") {
		revision := h.known[l.who].revision - uint64(rapid.IntRange(0, 1).Draw(t, "how long ago"))
		r.Revision = &revision
	}
	return r
}

func (h *history) redeemLink(t *rapid.T) {
	r := h.redemption(t, h.someLink(t))
	if rapid.IntRange(0, 9).Draw(t, "a link that was never made if 0") == 0 {
		r.Link[1] = 7
	}
	l, want := h.byLink(r)
	got, err := h.store.RedeemLink(context.Background(), r)
	h.took(t, "link", l, r, got, err, want)
}

func (h *history) redeemCode(t *rapid.T) {
	r := h.redemption(t, h.someLink(t))
	if yes(t, "a wrong code") {
		r.Codes = []signin.CodeKey{{8}, {9}}
	}
	l, want := h.byCode(r)
	got, err := h.store.RedeemCode(context.Background(), r)
	h.took(t, "code", l, r, got, err, want)
	if asked := h.requests[r.Browser]; want == signin.WrongCode && got.TriesLeft != signin.MaxCodeTries-asked.tries {
		t.Fatalf("%d tries are left, want %d", got.TriesLeft, signin.MaxCodeTries-asked.tries)
	}
}

// took compares an outcome with the model's, and checks what must never be.
func (h *history) took(t *rapid.T, by string, l *link, r signin.Redemption, got signin.Redeemed, err error, want signin.Outcome) {
	if err != nil {
		t.Fatalf("redeeming a %s: %v", by, err)
	}
	if got.Outcome == signin.SignedIn {
		h.mayBe(t, by, l, r, got)
	}
	forgotten := l != nil && !l.expires.After(h.now) && got.Outcome == signin.Used
	if got.Outcome != want && !(want == signin.TooOld && forgotten) {
		t.Fatalf("redeeming a %s has outcome %d, want %d", by, got.Outcome, want)
	}
	if want == signin.SignedIn {
		h.signedIn(l, r)
	}
}

// mayBe fails unless a sign-in was due, whatever the model says.
func (h *history) mayBe(t *rapid.T, by string, l *link, r signin.Redemption, got signin.Redeemed) {
	var flaws []string
	flaw := func(holds bool, what string) {
		if holds {
			flaws = append(flaws, what)
		}
	}
	if l == nil {
		t.Fatalf("a %s that was never made signed in", by)
	}
	flaw(l.redeemed > 0, "that has signed in before")
	flaw(l.used, "that was killed")
	flaw(!l.expires.After(h.now), "that is over")
	flaw(l.site != r.Origin, "of another site")
	flaw(l.policy != r.Policy, "of other rules")
	flaw(h.mayNotSignIn(l.who), "of somebody disabled, or with their mailbox")
	flaw(r.Revision == nil && h.known[l.who].revision != l.revision, "of somebody who was changed")
	flaw(l.browser != r.Browser && (by == "code" || !r.Elsewhere), "in another browser")
	flaw(got.Request.Address != l.who, "as somebody else")
	if len(flaws) > 0 {
		t.Fatalf("a %s signed in %s", by, strings.Join(flaws, ", "))
	}
}

func (h *history) stop(t *rapid.T) {
	l := h.someLink(t)
	s := signin.Stopping{Now: h.now, Origin: one(t, sites, "site"), Link: l.key, Until: h.now.Add(time.Hour)}
	used, over := l.used, !l.expires.After(h.now)
	got, err := h.store.Stop(context.Background(), s)
	switch {
	case err != nil:
		t.Fatalf("stopping: %v", err)
	case got && s.Origin != l.site, !got && !used && !over && s.Origin == l.site: // of a used link a store may remember more or less
		t.Fatalf("stopping says %v", got)
	case got:
		h.stopped(l, s.Until)
	}
}

func (h *history) wait(t *rapid.T) { h.now = h.now.Add(one(t, steps, "time")) }

func (h *history) crash(t *rapid.T) {
	if h.reopen == nil {
		t.Skip("nothing is kept")
	}
	h.store = h.reopen()
}

package modeltest

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"pgregory.net/rapid"
)

// known is what the model knows of a person; the zero known is nobody.
type known struct {
	revision uint64
	disabled bool
}

// judge predicts how a redemption of a live link ends.
func (m *model) judge(l *link, r signin.Redemption) signin.Outcome {
	lookedAt := l.revision
	if r.Revision != nil {
		lookedAt = *r.Revision
	}
	switch who := m.known[l.who]; {
	case m.mayNotSignIn(l.who):
		return signin.NotAdmitted
	case l.policy != r.Policy || who.revision != lookedAt:
		return signin.PolicyChanged
	}
	return signin.SignedIn
}

// endLinks uses up the links of somebody, with their requests.
func (m *model) endLinks(who address.Address) {
	for _, l := range m.links {
		if l.who != who || !l.alive(m.now) {
			continue
		}
		if asked := m.requests[l.browser]; asked != nil && slices.Contains(asked.links, l) {
			m.end(asked)
		}
		l.used = true
	}
}

func (m *model) endVisits(who address.Address) {
	for _, v := range m.visits {
		v.ended = v.ended || v.who == who
	}
}

// mayNotSignIn predicts whom no rule lets in: who is disabled, and who has a mailbox
// that somebody disabled has, or had.
func (m *model) mayNotSignIn(who address.Address) bool {
	return m.known[who].disabled || m.barredBy(who) != ""
}

func (m *model) barredBy(who address.Address, but ...address.Address) address.Address {
	for by, mailboxes := range m.bars {
		if by != who && !slices.Contains(but, by) && slices.Contains(mailboxes, who.Fold()) {
			return by
		}
	}
	return ""
}

// bar keeps the mailboxes of somebody disabled out.
func (m *model) bar(who address.Address) {
	m.bars[who] = nil
	for _, had := range append(slices.Clone(m.trails[who]), who) {
		m.bars[who] = append(m.bars[who], had.Fold())
	}
	for _, other := range persons {
		isKnown := m.known[other].revision > 0 || string(other) == other.Fold()
		if slices.Contains(m.bars[who], other.Fold()) && isKnown {
			m.endLinks(other)
			m.endVisits(other)
		}
	}
}

// switched is what disabling and enabling somebody does.
func (m *model) switched(who address.Address, disabled bool) {
	k := m.known[who]
	if k.revision == 0 || k.disabled != disabled {
		k.revision++
	}
	before := k.disabled
	k.disabled = disabled
	m.known[who] = k
	switch {
	case !disabled:
		delete(m.bars, who)
	case !before:
		m.bar(who)
	}
}

// moved is what a person's move does.
func (m *model) moved(from, to address.Address) {
	m.endLinks(from)
	m.endLinks(to)
	m.endVisits(from)
	m.known[to] = known{m.known[from].revision + 1, m.known[from].disabled}
	m.trails[to] = append(m.trails[from], from)
	delete(m.trails, from)
	delete(m.bars, from)
	delete(m.familiar, to)
	delete(m.known, from)
	delete(m.familiar, from)
	m.rings[to] = m.rings[from]
	delete(m.rings, from)
	if m.known[to].disabled {
		m.bar(to)
	}
}

// disable disables somebody, or enables them again.
func (h *history) disable(t *rapid.T) {
	who, disabled := one(t, persons, "person"), yes(t, "disabled")
	if err := h.setDisabled(who, disabled); err != nil {
		t.Fatalf("disabling somebody: %v", err)
	}
	h.switched(who, disabled)
}

func (h *history) setDisabled(who address.Address, disabled bool) error {
	_, err := h.store.ChangePerson(context.Background(), who, h.now, func(p *people.Person) error {
		p.Disabled = disabled
		return nil
	})
	return err
}

func (h *history) remove(t *rapid.T) {
	who := one(t, persons, "person")
	err := h.store.RemovePerson(context.Background(), who, h.now)
	// What is over may be forgotten or not.
	if err != nil && (!errors.Is(err, people.ErrUnknown) || h.known[who].revision > 0) {
		t.Fatalf("removing somebody: %v", err)
	}
	h.endLinks(who)
	h.endVisits(who)
	delete(h.known, who)
	delete(h.familiar, who)
	delete(h.trails, who)
	delete(h.bars, who)
	delete(h.rings, who)
}

func (h *history) move(t *rapid.T) {
	from, to := one(t, persons, "from"), one(t, persons, "to")
	err := h.store.MovePerson(context.Background(), from, to, h.now)
	var want error
	switch {
	case h.known[from].revision == 0:
		want = people.ErrUnknown
	case h.known[to].revision > 0, h.barredBy(to, from) != "":
		want = account.ErrTaken
	}
	if !errors.Is(err, want) {
		t.Fatalf("moving from %s to %s: %v, want %v", from, to, err, want)
	}
	if err == nil {
		h.moved(from, to)
	}
}

// disableAtOnce disables somebody while one of their links is redeemed.
func (h *history) disableAtOnce(t *rapid.T) {
	const tries = 4
	l := h.someLink(t)
	r := h.redemption(t, l)
	l, want := h.byLink(r)
	if l == nil {
		t.Skip("no link was made")
	}
	attempts, outcomes, errs := make([]signin.Redemption, tries), make([]signin.Redeemed, tries), make([]error, tries+1)
	var running sync.WaitGroup
	for i := range attempts {
		attempts[i] = r
		attempts[i].Session.Key = session.Key(h.number())
		running.Go(func() { outcomes[i], errs[i] = h.store.RedeemLink(context.Background(), attempts[i]) })
	}
	running.Go(func() { errs[tries] = h.setDisabled(l.who, true) })
	running.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatalf("disabling somebody who signs in: %v", err)
	}
	winners := 0
	for i, got := range outcomes {
		if got.Outcome == signin.SignedIn {
			h.mayBe(t, "link", l, r, got)
			h.signedIn(l, attempts[i])
			winners++
		}
	}
	if winners > 1 || winners == 1 && want != signin.SignedIn {
		t.Fatalf("%d of %d redemptions signed in, and the outcome of one would be %d", winners, tries, want)
	}
	h.switched(l.who, true)
}

// isAsKnown compares a person with the model's. Nobody who is disabled or was
// removed has a session, whatever the model says.
func (h *history) isAsKnown(t *rapid.T, who address.Address, sessions int) {
	p, found, err := h.store.Person(context.Background(), who)
	want := h.known[who]
	if err != nil || found != (want.revision > 0) || p.Revision != want.revision || p.Disabled != want.disabled || (p.Barred != "") != (h.barredBy(who) != "") {
		t.Fatalf("%s is %+v (%v, %v), want %+v", who, p, found, err, want)
	}
	if sessions > 0 && (p.MayNotSignIn() || !found) {
		t.Fatalf("%s has %d sessions, is known: %v, disabled: %v", who, sessions, found, p.Disabled)
	}
}

package modeltest

import (
	"context"
	"sync"

	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"pgregory.net/rapid"
)

// race redeems one link and its code many times at once.
func (h *history) race(t *rapid.T) {
	const tries = 6
	r := h.redemption(t, h.someLink(t))
	before := h.requests[r.Browser]
	if before != nil && before.tries > 0 {
		t.Skip("wrong tries would be counted in any order")
	}
	l, want := h.byLink(r)
	var attempts []signin.Redemption
	for range tries {
		attempt := r
		attempt.Session.Key = session.Key(h.number())
		attempts = append(attempts, attempt)
	}
	outcomes, errs := make([]signin.Redeemed, tries), make([]error, tries)
	var running sync.WaitGroup
	for i, attempt := range attempts {
		running.Go(func() { outcomes[i], errs[i] = h.store.RedeemLink(context.Background(), attempt) })
	}
	running.Wait()
	winners := 0
	for i, got := range outcomes {
		if errs[i] != nil {
			t.Fatalf("one of many redemptions: %v", errs[i])
		}
		if got.Outcome == signin.SignedIn {
			h.mayBe(t, "link", l, r, got)
			h.signedIn(l, attempts[i])
			winners++
		}
	}
	if winners > 1 || (winners == 1) != (want == signin.SignedIn) {
		t.Fatalf("%d of %d redemptions signed in, and the outcome of one would be %d", winners, tries, want)
	}
}

package modeltest

import (
	"context"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/session"
	"pgregory.net/rapid"
)

func (h *history) signOut(t *rapid.T) {
	if len(h.visits) == 0 {
		t.Skip("nobody has signed in")
	}
	v, who := one(t, h.visits, "session"), one(t, persons, "person")
	if yes(t, "all of the person") {
		keep := session.Key{}
		if yes(t, "but this one") {
			keep = v.key
		}
		if err := h.store.EndAll(context.Background(), who, keep); err != nil {
			t.Fatal(err)
		}
		for _, other := range h.visits {
			other.ended = other.ended || other.who == who && other.key != keep
		}
		return
	}
	if err := h.store.End(context.Background(), who, v.key); err != nil {
		t.Fatal(err)
	}
	v.ended = v.ended || v.who == who
}

// touch moves a session on, or tries to move it back or to wake a dead one.
func (h *history) touch(t *rapid.T) {
	if len(h.visits) == 0 {
		t.Skip("nobody has signed in")
	}
	v := one(t, h.visits, "session")
	expires := h.now.Add(rapid.SampledFrom([]time.Duration{-time.Minute, time.Minute, sessionLife}).Draw(t, "new end"))
	if !v.alive(h.now) && !v.ended {
		t.Skip("the keeper touches no session that is over")
	}
	if err := h.store.Touch(context.Background(), v.key, h.now, expires); err != nil {
		t.Fatal(err)
	}
	if !v.ended && expires.After(v.expires) {
		v.expires = expires
	}
}

// holds compares all sessions and requests with the model's.
func (h *history) holds(t *rapid.T) {
	ctx := context.Background()
	alive := make(map[address.Address]int)
	for _, v := range h.visits {
		record, found, err := h.store.Session(ctx, v.key, h.now)
		if err != nil || found != v.alive(h.now) || found && record.Address != v.who {
			t.Fatalf("a session of %s is found: %v, as that of %q, %v; want %v", v.who, found, record.Address, err, v.alive(h.now))
		}
		if found && (record.Method != v.method || record.Passkey != string(v.passkey) || !record.SignedIn.Equal(v.proven)) {
			t.Fatalf("a session of %s was made at %v %q by passkey %q, want %v %q %q", v.who, record.SignedIn, record.Method, record.Passkey, v.proven, v.method, v.passkey)
		}
		if found {
			alive[v.who]++
		}
	}
	for _, who := range persons {
		listed, err := h.store.Sessions(ctx, who, h.now)
		if err != nil || len(listed) != alive[who] {
			t.Fatalf("%s has %d sessions, %v, want %d", who, len(listed), err, alive[who])
		}
		h.isAsKnown(t, who, len(listed))
		h.hasPasskeys(t, who)
	}
	for browser, want := range h.requests {
		got, found, err := h.store.Request(ctx, browser, h.now)
		if err != nil || want.expires.After(h.now) && (!found || got.Address != want.who || got.Origin != want.site || got.Tries != want.tries) {
			t.Fatalf("a browser asked for %+v (%v, %v), want %+v", got, found, err, *want)
		}
	}
}

package boltstore

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
	bolterrors "go.etcd.io/bbolt/errors"
)

func TestAClosedStoreReturnsErrors(t *testing.T) {
	store := mustOpen(t, newPath(t))
	_, key, err := signIn(t.Context(), store, "a@example.com")
	must(t, err)
	for range 2 { // closing once more is no error
		must(t, store.Close())
	}
	for name, call := range callsOf(t, store, key) {
		if err := call(); !errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
			t.Errorf("%s returns %v", name, err)
		}
	}
}

func callsOf(t *testing.T, store *Store, key session.Key) map[string]func() error {
	ctx, who, now := t.Context(), address.Address("a@example.com"), time.Now()
	a := newAsking(who, now)
	return map[string]func() error{
		"Ask":        func() error { _, err := store.Ask(ctx, a); return err },
		"RedeemLink": func() error { _, err := store.RedeemLink(ctx, newRedemption(a)); return err },
		"RedeemCode": func() error { _, err := store.RedeemCode(ctx, newRedemption(a)); return err },
		"Request":    func() error { _, _, err := store.Request(ctx, a.Browser, now); return err },
		"Session":    func() error { _, _, err := store.Session(ctx, key, now); return err },
		"Sessions":   func() error { _, err := store.Sessions(ctx, who, now); return err },
		"Touch":      func() error { return store.Touch(ctx, key, now, now.Add(time.Hour)) },
		"End":        func() error { return store.End(ctx, who, key) },
		"EndAll":     func() error { return store.EndAll(ctx, who, session.Key{}) },
		"SweepAll":   func() error { _, err := store.SweepAll(ctx, now); return err },
	}
}

func TestClosingDuringUseHangsNobody(t *testing.T) {
	store := mustOpen(t, newPath(t))
	_, key, err := signIn(t.Context(), store, "a@example.com")
	must(t, err)
	var group sync.WaitGroup
	started := make(chan struct{}, 100)
	for _, call := range callsOf(t, store, key) {
		for range 2 {
			group.Go(func() {
				for i := 0; ; i++ {
					if err := call(); errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
						return
					} else if err != nil {
						t.Error(err)
						return
					}
					if i == 0 {
						started <- struct{}{}
					}
				}
			})
		}
	}
	for range 20 {
		<-started
	}
	must(t, store.Close())
	done := make(chan struct{})
	go func() { defer close(done); group.Wait() }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("a call hangs after the store was closed")
	}
}

func TestAClaimThatFailsCountsOnce(t *testing.T) {
	store := mustOpen(t, newPath(t))
	var failed []string
	store.OnRan(func(r steps.Ran) {
		if r.Failed {
			failed = append(failed, r.Step)
		}
	})
	_, err := store.Claim(t.Context(), 1)
	must(t, err)
	must(t, store.Close())
	if _, err := store.Claim(t.Context(), 1); err == nil || !slices.Equal(failed, []string{"claim"}) {
		t.Errorf("the claim returns %v; these failed: %q", err, failed)
	}
}

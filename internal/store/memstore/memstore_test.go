package memstore

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/ordered"
	"github.com/doorpost-auth/doorpost/internal/store/storetest"
)

func open(t *testing.T) *ordered.Store {
	t.Helper()
	store, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func TestTheMemoryStoreKeepsThePromisesOfAStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Store { return open(t) })
}

func TestAClosedMemoryStoreReturnsErrors(t *testing.T) {
	store := open(t)
	for range 2 { // closing once more is no error
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := store.Session(t.Context(), session.Key{}, time.Now()); !errors.Is(err, ErrClosed) {
		t.Errorf("reading returns %v", err)
	}
	if _, err := store.Ask(t.Context(), signin.Asking{}); !errors.Is(err, ErrClosed) {
		t.Errorf("asking returns %v", err)
	}
	if err := store.EndAll(context.Background(), "a@example.com", session.Key{}); !errors.Is(err, ErrClosed) {
		t.Errorf("ending returns %v", err)
	}
}

func TestAChangeThatFailsLeavesNothingBehind(t *testing.T) {
	e, bucket, failed := newEngine(), ordered.Buckets()[0], errors.New("failed on purpose")
	key, before, after := []byte("key"), []byte("before"), []byte("after")
	if err := e.Update(func(tx ordered.Tx) error { return tx.Put(bucket, key, before) }); err != nil {
		t.Fatal(err)
	}
	err := e.Update(func(tx ordered.Tx) error {
		return errors.Join(tx.Put(bucket, key, after), tx.Put(bucket, []byte("other"), after), failed)
	})
	if !errors.Is(err, failed) {
		t.Fatalf("the change returns %v", err)
	}
	err = e.View(func(tx ordered.Tx) error {
		if got := tx.Get(bucket, key); string(got) != "before" {
			t.Errorf("the value is %q", got)
		}
		if got := tx.Get(bucket, []byte("other")); got != nil {
			t.Errorf("there is a value %q", got)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

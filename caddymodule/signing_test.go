package caddymodule

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/assertion"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// keylessStore does not hand out keys of assertions while it is told not to.
type keylessStore struct {
	Store
	down  atomic.Bool
	turns atomic.Int64
}

func (s *keylessStore) TurnSigningKeys(ctx context.Context, turn func([]assertion.Record) ([]assertion.Record, error)) error {
	if s.turns.Add(1); s.down.Load() {
		return errors.New("connection refused")
	}
	return s.Store.TurnSigningKeys(ctx, turn)
}

func TestAnAppThatGetsAssertionsIsReachedOnceThereAreKeys(t *testing.T) {
	store := &keylessStore{Store: openMemory(t)}
	store.down.Store(true)
	holdBackend(t, store)
	g := newGateway(t, "doorpost {\n store memory\n mailer console\n}\n", "doorpost {\n allow *\n public /public\n assertion\n}\nrespond \"to {header.Remote-User}\"\n")
	b := g.newBrowser()
	b.signIn("alice@example.com")
	if got := b.get("/app"); got.status != http.StatusServiceUnavailable {
		t.Errorf("without keys the answer is %d: %s", got.status, got.body)
	}
	if got := b.get("/public"); got.status != http.StatusOK || got.body != "to " {
		t.Errorf("at a public path it is %d: %s", got.status, got.body)
	}
	if got := b.get("/_doorpost/keys"); got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
		t.Errorf("the keys are answered %d with %v", got.status, got.header)
	}
	store.down.Store(false)
	testkit.Await(t, 10*time.Second, "keys are there", func() bool { return b.get("/_doorpost/keys").status == http.StatusOK })
	if got := b.get("/app"); got.status != http.StatusOK || got.body != "to alice@example.com" {
		t.Errorf("with keys the answer is %d: %s", got.status, got.body)
	}
	// A configuration without assertions has no use for keys.
	g.site = "doorpost {\n allow *\n}\nrespond ok\n"
	g.load()
	asked := store.turns.Load()
	g.site = "doorpost {\n allow bob@example.com\n}\nrespond ok\n"
	g.load()
	if store.turns.Load() != asked {
		t.Error("the store was asked for keys that nobody wants")
	}
}

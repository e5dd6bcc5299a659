package caddymodule

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
)

// sweepPause is how long to wait between two looks for records that are over.
const sweepPause = 10 * time.Second

// backends are the open stores. While a configuration is being replaced two of
// them run, and both use one.
var backends = caddy.NewUsagePool()

// backend is an open store with what outlives a configuration.
type backend struct {
	key    string
	store  Store
	cache  *session.Cache
	live   *gate.Live
	cancel context.CancelFunc
	untold func() // no more ends and changes are told
	swept  sync.WaitGroup

	signer   atomic.Pointer[[]byte] // what the secret that signs is known by
	refusals audit.Hourly
}

// signedBy notes which secret signs from now on, and reports whether another did
// before.
func (b *backend) signedBy(ring keys.Ring) (rotated bool) {
	key := ring.For(keys.AuditSubject)[0]
	before := b.signer.Swap(&key)
	return before != nil && !bytes.Equal(*before, key)
}

// sweeper is a store whose records do not end by themselves.
type sweeper interface {
	Sweep(ctx context.Context, pause time.Duration, logger *slog.Logger)
}

// doubter is a store that can miss word of sessions that another instance
// ends. Whenever it may have, doubt is called.
type doubter interface {
	OnDoubt(doubt func()) (cancel func())
}

// measured is a store that tells how long its steps take.
type measured interface {
	OnRan(func(steps.Ran)) (cancel func())
}

// openBackend opens a store, or takes the one that is open, with a cache for so
// many sessions from now on.
func openBackend(module StoreModule, sessions int, logger *slog.Logger) (*backend, error) {
	pooled, _, err := backends.LoadOrNew(module.Key(), func() (caddy.Destructor, error) {
		store, err := module.Open()
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithCancel(context.Background())
		b := newBackend(module.Key(), store, sessions)
		b.cancel = cancel
		if s, ok := store.(sweeper); ok {
			b.swept.Go(func() { s.Sweep(ctx, sweepPause, logger) })
		}
		return b, nil
	})
	if err != nil {
		return nil, wrong("store", err)
	}
	b := pooled.(*backend)
	b.cache.Resize(sessions)
	return b, nil
}

// newBackend ties a store to what has to know of ended sessions.
func newBackend(key string, store Store, sessions int) *backend {
	b := &backend{key: key, store: store, cache: session.NewCache(sessions), live: gate.NewLive(cut), cancel: func() {}}
	ends := store.OnEnd(func(key session.Key) {
		b.cache.End(key)
		b.live.End(key)
	})
	changes := store.OnChange(func(key session.Key) {
		b.cache.Change(key)
		b.live.Change(key)
	})
	b.untold = func() {
		ends()
		changes()
	}
	if d, ok := store.(doubter); ok {
		d.OnDoubt(func() { // for as long as the store is open
			b.cache.Distrust()
			b.live.Distrust()
		})
	}
	if m, ok := store.(measured); ok {
		m.OnRan(observeStep)
	}
	return b
}

// health is an error where nobody can sign in, and what an operator should mend otherwise.
func (b *backend) health(ctx context.Context) (warnings []string, err error) {
	if warnings, err = b.store.Health(ctx); err != nil {
		return nil, err
	}
	return warnings, b.store.TryWrite(ctx)
}

// release lets go of the backend. The last one to do so closes the store.
func (b *backend) release() error {
	_, err := backends.Delete(b.key)
	return err
}

// Destruct cuts what still goes on as somebody's, and closes the store. It
// implements caddy.Destructor.
func (b *backend) Destruct() error {
	b.cancel()
	b.swept.Wait()
	b.live.Close()
	b.untold()
	if err := b.store.Close(); err != nil {
		return fmt.Errorf("closing the store: %w", err)
	}
	return nil
}

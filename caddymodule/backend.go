package caddymodule

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/session"
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
	cancel context.CancelFunc
	untold func() // no more ends are told to the cache
	swept  sync.WaitGroup
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

func openBackend(module StoreModule, logger *slog.Logger) (*backend, error) {
	pooled, _, err := backends.LoadOrNew(module.Key(), func() (caddy.Destructor, error) {
		store, err := module.Open()
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithCancel(context.Background())
		b := &backend{key: module.Key(), store: store, cache: session.NewCache(session.DefaultCacheSize), cancel: cancel}
		b.untold = store.OnEnd(b.cache.End)
		if d, ok := store.(doubter); ok {
			d.OnDoubt(b.cache.Distrust) // for as long as the store is open
		}
		if s, ok := store.(sweeper); ok {
			b.swept.Go(func() { s.Sweep(ctx, sweepPause, logger) })
		}
		return b, nil
	})
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return pooled.(*backend), nil
}

// release lets go of the backend. The last one to do so closes the store.
func (b *backend) release() error {
	_, err := backends.Delete(b.key)
	return err
}

// Destruct closes the store. It implements caddy.Destructor.
func (b *backend) Destruct() error {
	b.cancel()
	b.swept.Wait()
	b.untold()
	if err := b.store.Close(); err != nil {
		return fmt.Errorf("closing the store: %w", err)
	}
	return nil
}

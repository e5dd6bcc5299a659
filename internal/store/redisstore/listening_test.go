package redisstore

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// listening hears of ends and doubts.
type listening struct {
	mu     sync.Mutex
	ended  map[session.Key]bool
	doubts atomic.Int64
}

func listen(t testing.TB, store *Store) *listening {
	t.Helper()
	l := &listening{ended: make(map[session.Key]bool)}
	t.Cleanup(store.OnEnd(func(key session.Key) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.ended[key] = true
	}))
	t.Cleanup(store.OnDoubt(func() { l.doubts.Add(1) }))
	return l
}

func (l *listening) heard(key session.Key) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ended[key]
}

// awaitListening waits until a store hears what another connection publishes.
func awaitListening(t testing.TB, store *Store) {
	t.Helper()
	l, key := listen(t, store), session.NewID().Key()
	redistest.Await(t, recoveryTime, "the store hears of ends", func() bool {
		store.client.Publish(t.Context(), store.channel(), key.String())
		return l.heard(key)
	})
}

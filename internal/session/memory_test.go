package session

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/keys"
)

// crowd is a store in which everybody is signed in, each under an address of
// their own.
type crowd struct {
	Store
	scope string
	now   time.Time
}

func (c crowd) Session(_ context.Context, key Key, _ time.Time) (Record, bool, error) {
	who := address.Address(fmt.Sprintf("person.%x@example.com", key[:3]))
	return Record{Address: who, Scope: c.scope, SignedIn: c.now, Seen: c.now, Expires: c.now.Add(time.Hour)}, true, nil
}

// maxSessionBytes is what a session in use may take of the heap. The process grows
// by up to twice as much, 430 bytes: the collector waits until the heap has doubled
// (GOGC=100).
const maxSessionBytes = 215

func TestASessionInUseTakesLittleMemory(t *testing.T) {
	const sessions = DefaultCacheSize
	ring, err := keys.NewRing(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	store := crowd{scope: "https://app.example.com", now: time.Now()}
	cookie := NewCookie(ring, CookieOptions{Scope: store.scope, Secure: true, Lifetime: time.Hour})
	cache := NewCache(2 * sessions) // some shards get more than their share
	keeper := NewKeeper(store, cache, Limits{Idle: time.Hour, Absolute: time.Hour, Grace: time.Minute}, slog.New(slog.DiscardHandler))
	keeper.now = func() time.Time { return store.now } // on a slow machine uses would be written
	before := heap()
	var last string
	for range sessions {
		issued, err := cookie.Issue(NewID())
		if err != nil {
			t.Fatal(err)
		}
		// The value is a part of the line that the browser sent.
		line := issued.Name + "=" + issued.Value + "; theme=dark"
		last = line[len(issued.Name)+1:][:len(issued.Value)]
		if s, err := keeper.Find(t.Context(), cookie, last); err != nil || s == nil {
			t.Fatalf("found %v, %v", s, err)
		}
	}
	perSession := float64(heap()-before) / sessions
	t.Logf("a session takes %.0f bytes of the heap", perSession)
	if perSession > maxSessionBytes {
		t.Errorf("a session takes %.0f bytes of the heap, want at most %d", perSession, maxSessionBytes)
	}
	runtime.KeepAlive(cache)
}

// heap is how many bytes are in use once nothing is left to collect.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // objects in pools or with finalizers go the second time
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

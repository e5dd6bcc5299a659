package redisstore

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// What one live session and one open link may take, with what else is kept of
// the person and the browser.
const (
	sessionBytes = 600
	linkBytes    = 1000
)

func TestALiveSessionAndAnOpenLinkTakeLittleMemory(t *testing.T) {
	server := redistest.Single(t)
	store := open(t, Options{URLs: []string{server.URL()}})
	v := newVisit(t)
	v.address = address.Address("alexander.graham@mail.com") // 25 bytes
	v.device = session.Device{Browser: "Firefox", System: "Android", Network: "203.0.113.0/24"}

	v.ask(t, store)
	wantAtMost(t, "an open link", memoryOf(t, server, "links", "requests", "addresses"), linkBytes)
	v.redeem(t, store)
	wantAtMost(t, "a live session", memoryOf(t, server, "sessions", "addresses", "people"), sessionBytes)
}

func wantAtMost(t *testing.T, what string, used, most int64) {
	t.Helper()
	t.Logf("%s takes %d bytes", what, used)
	if used > most {
		t.Errorf("%s takes %d bytes, want at most %d", what, used, most)
	}
}

// memoryOf sums what the keys of some kinds take.
func memoryOf(t *testing.T, server *redistest.Server, kinds ...string) int64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	keys, err := server.Client().Keys(ctx, "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	for _, kind := range kinds {
		found := 0
		for _, key := range keys {
			if !strings.HasPrefix(key, DefaultPrefix+"{1}:"+kind+":") {
				continue
			}
			used, err := server.Client().MemoryUsage(ctx, key, 0).Result()
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s of %d bytes takes %d bytes", kind, len(key), used)
			total += used
			found++
		}
		if found != 1 {
			t.Fatalf("there are %d keys of the kind %q, want one", found, kind)
		}
	}
	return total
}

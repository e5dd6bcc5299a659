package caddymodule

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/memstore"
)

// countingStore counts what the gate asks the store.
type countingStore struct {
	Store
	lookups, touches atomic.Int64
}

func (s *countingStore) Session(ctx context.Context, key session.Key, now time.Time) (session.Record, bool, error) {
	s.lookups.Add(1)
	return s.Store.Session(ctx, key, now)
}

func (s *countingStore) Touch(ctx context.Context, key session.Key, seen, expires time.Time) error {
	s.touches.Add(1)
	return s.Store.Touch(ctx, key, seen, expires)
}

// holdCountingStore opens a counting store and keeps it where the memory store
// is looked for.
func holdCountingStore(t testing.TB) *countingStore {
	t.Helper()
	store := &countingStore{Store: openMemory(t)}
	holdStore(t, store, session.DefaultCacheSize)
	return store
}

func openMemory(t testing.TB) Store {
	t.Helper()
	store, err := memstore.New()
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// holdStore keeps a store, with a cache of so many sessions, where the memory
// store is looked for.
func holdStore(t testing.TB, store Store, sessions int) {
	t.Helper()
	_, loaded, err := backends.LoadOrNew("memory", func() (caddy.Destructor, error) {
		return newBackend("memory", store, sessions), nil
	})
	if err != nil || loaded {
		t.Fatalf("the memory store is open already (%v)", err)
	}
	t.Cleanup(func() {
		if _, err := backends.Delete("memory"); err != nil {
			t.Error(err)
		}
	})
}

// findHandler finds the first handler of ours in the configuration that runs.
func findHandler(t testing.TB) *Handler {
	t.Helper()
	app, err := caddy.ActiveContext().App("http")
	if err != nil {
		t.Fatal(err)
	}
	var find func(routes caddyhttp.RouteList) *Handler
	find = func(routes caddyhttp.RouteList) *Handler {
		for _, route := range routes {
			for _, handler := range route.Handlers {
				switch h := handler.(type) {
				case *Handler:
					return h
				case *caddyhttp.Subroute:
					if found := find(h.Routes); found != nil {
						return found
					}
				}
			}
		}
		return nil
	}
	for _, server := range app.(*caddyhttp.App).Servers {
		if found := find(server.Routes); found != nil {
			return found
		}
	}
	t.Fatal("there is no handler of ours")
	return nil
}

// gatedRequest is a request of somebody who is signed in, and how to make it as
// it came once more.
func gatedRequest(t testing.TB, b *browser) (r *http.Request, rewind func()) {
	t.Helper()
	r = httptest.NewRequest(http.MethodGet, b.origin()+"/app?x=1", nil)
	for name, value := range map[string]string{
		"Accept": "text/html", "Accept-Language": "en", "User-Agent": "Mozilla/5.0", "Sec-Fetch-Mode": "navigate", "Referer": b.origin() + "/",
	} {
		r.Header.Set(name, value)
	}
	var cookies string
	for _, cookie := range b.client.Jar.Cookies(r.URL) {
		cookies += cookie.Name + "=" + cookie.Value + "; "
	}
	line := []string{cookies + "theme=dark"}
	r = caddyhttp.PrepareRequest(r, caddy.NewReplacer(), httptest.NewRecorder(), &caddyhttp.Server{})
	return r, func() {
		r.Header["Cookie"] = line
		for _, name := range []string{"Remote-User", "Remote-Email", "Remote-Groups", "Remote-Name"} {
			delete(r.Header, name)
		}
		caddyhttp.SetVar(r.Context(), visitVar, nil)
	}
}

// maxAllocations is what the gate may add to a request: the visit, what it
// keeps of the cookies, the identity's values, and the placeholders.
const maxAllocations = 6

func TestAGatedRequestAsksNoStoreAndAllocatesLittle(t *testing.T) {
	store := holdCountingStore(t)
	g := newGateway(t, "doorpost {\n store memory\n mailer console\n group staff *@example.com\n}\n", "doorpost {\n allow *@example.com\n public /health\n}\n respond ok\n")
	b := g.newBrowser()
	b.signIn("alice@example.com")
	b.get("/") // the store is asked the first time that the session is met
	h := findHandler(t)
	r, rewind := gatedRequest(t, b)
	passed := 0
	next := caddyhttp.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) error {
		if r.Header.Get("Remote-User") == "alice@example.com" && r.Header.Get("Cookie") == "theme=dark" {
			passed++
		}
		return nil
	})
	w := httptest.NewRecorder()
	lookups := store.lookups.Load()
	if lookups == 0 {
		t.Fatal("the store was never asked: this test counts nothing")
	}
	const runs = 1000
	idle := testing.AllocsPerRun(runs, rewind)
	allocations := testing.AllocsPerRun(runs, func() {
		rewind()
		if err := h.ServeHTTP(w, r, next); err != nil {
			t.Error(err)
		}
	}) - idle
	t.Logf("the gate allocates %.0f times a request", allocations)
	if passed != runs+1 { // AllocsPerRun makes one more to warm up
		t.Fatalf("%d of %d requests reached the app as alice's", passed, runs+1)
	}
	if asked := store.lookups.Load() - lookups + store.touches.Load(); asked != 0 {
		t.Errorf("%d gated requests asked the store %d times", runs, asked)
	}
	if allocations > maxAllocations {
		t.Errorf("the gate allocates %.0f times a request, want at most %d", allocations, maxAllocations)
	}
}

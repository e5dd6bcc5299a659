package caddymodule

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/assertion"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/memstore"
	"github.com/doorpost-auth/doorpost/internal/token"
)

// countingStore counts what the gate asks the store.
type countingStore struct {
	Store
	lookups, touches atomic.Int64 // of sessions and tokens
}

func (s *countingStore) Token(ctx context.Context, id token.ID, now time.Time) (token.Record, bool, error) {
	s.lookups.Add(1)
	return s.Store.Token(ctx, id, now)
}

func (s *countingStore) UseToken(ctx context.Context, id token.ID, network string, now time.Time) (bool, error) {
	s.touches.Add(1)
	return s.Store.UseToken(ctx, id, network, now)
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
	holdBackend(t, store)
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

// findHandler finds the first handler of ours in the configuration that runs.
func findHandler(t testing.TB) *Handler {
	t.Helper()
	app, err := caddy.ActiveContext().App("http")
	if err != nil {
		t.Fatal(err)
	}
	var found *Handler
	for _, server := range app.(*caddyhttp.App).Servers {
		everyStep(server, server.Routes, func(s step) {
			if h, ok := s.handler.(*Handler); ok && found == nil {
				found = h
			}
		})
	}
	if found == nil {
		t.Fatal("there is no handler of ours")
	}
	return found
}

// gatedRequest is a request of somebody who is signed in, with all the headers
// that Chromium sends, and how to make it as it came once more.
func gatedRequest(t testing.TB, b *browser) (r *http.Request, rewind func()) {
	t.Helper()
	site, err := url.Parse(b.origin())
	if err != nil {
		t.Fatal(err)
	}
	var cookies string
	for _, cookie := range b.client.Jar.Cookies(site) {
		cookies += cookie.Name + "=" + cookie.Value + "; "
	}
	return arriving(b.origin(), cookies+"theme=dark", "Accept", "text/html", "Accept-Encoding", "gzip, deflate, br, zstd", "Connection", "keep-alive",
		"Sec-Ch-Ua", `"Chromium";v="156"`, "Sec-Ch-Ua-Mobile", "?0", "Sec-Ch-Ua-Platform", `"Linux"`, "Sec-Fetch-Dest", "document",
		"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "none", "Sec-Fetch-User", "?1", "Upgrade-Insecure-Requests", "1")
}

// arriving is a request as the server hands it to us, with headers as names and
// values in turn, and how to make it as it came once more.
func arriving(origin, cookies string, headers ...string) (r *http.Request, rewind func()) {
	r = httptest.NewRequest(http.MethodGet, origin+"/app?x=1", nil)
	r.RequestURI = r.URL.RequestURI() // as clients send it
	r.Header.Set("Accept-Language", "en")
	r.Header.Set("User-Agent", "Mozilla/5.0")
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	repl := caddy.NewReplacer()
	r = caddyhttp.PrepareRequest(r, repl, httptest.NewRecorder(), &caddyhttp.Server{})
	before, line := *repl, make([]string, 1)
	return r, func() {
		line[0] = cookies
		r.Header["Cookie"] = line
		for _, name := range []string{"Remote-User", "Remote-Email", "Remote-Groups", "Remote-Name", assertion.Header} {
			delete(r.Header, name)
		}
		caddyhttp.SetVar(r.Context(), visitVar, nil)
		*repl = before
	}
}

// maxAllocations is what the gate may add to a request: the visit, the
// placeholders, and two for the groups of somebody who is in some.
const maxAllocations = 4

func TestAGatedRequestAsksNoStoreAndAllocatesLittle(t *testing.T) {
	for option, most := range map[string]float64{"": maxAllocations, "assertion": maxAllocations + 1} {
		t.Run(option, func(t *testing.T) { testAllocations(t, option, most) })
	}
}

func testAllocations(t *testing.T, option string, most float64) {
	store := holdCountingStore(t)
	g := newGateway(t, "doorpost {\n store memory\n mailer console\n group staff *@example.com\n}\n", "doorpost {\n allow *@example.com\n public /health\n "+option+"\n}\n respond ok\n")
	b := g.newBrowser()
	b.signIn("alice@example.com")
	b.get("/") // the store is asked the first time that the session is met
	h := findHandler(t)
	r, rewind := gatedRequest(t, b)
	passed := 0
	next := caddyhttp.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) error {
		asserted := r.Header.Get(assertion.Header) != ""
		if r.Header.Get("Remote-User") == "alice@example.com" && asserted == (option != "") && r.Header.Get("Cookie") == "theme=dark" {
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
	if allocations > most {
		t.Errorf("the gate allocates %.0f times a request, want at most %.0f", allocations, most)
	}
}

func TestARequestWithATokenAsksNoStoreAndAllocatesLittle(t *testing.T) {
	store := holdCountingStore(t)
	g := newGateway(t, "doorpost {\n store memory\n mailer console\n}\n", "doorpost {\n allow *@example.com\n tokens\n}\n respond ok\n")
	id := token.NewID()
	text := token.NewText(id, false)
	record := token.Record{Token: token.Token{ID: id, Name: "backup", Sites: []string{g.origin()}, Groups: []string{"staff"}, Made: time.Now()}, Sum: token.SumOf(text)}
	if err := store.MakeToken(t.Context(), record, time.Now()); err != nil {
		t.Fatal(err)
	}
	h, w := findHandler(t), httptest.NewRecorder()
	const runs = 1000
	for name, c := range map[string]struct {
		header, value string
		most          float64
	}{
		"Bearer":         {"Authorization", "Bearer " + text, maxAllocations},
		"Doorpost-Token": {"Doorpost-Token", text, maxAllocations},
		"Basic":          {"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("git:"+text)), maxAllocations + 1}, // what was decoded
	} {
		r, again := arriving(g.origin(), "theme=dark")
		values := make([]string, 1)
		rewind := func() {
			again()
			values[0] = c.value
			r.Header[c.header] = values
		}
		passed := 0
		next := caddyhttp.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) error {
			if r.Header.Get("Remote-User") == "service:backup" && r.Header[c.header] == nil {
				passed++
			}
			return nil
		})
		serve := func() {
			rewind()
			if err := h.ServeHTTP(w, r, next); err != nil {
				t.Error(err)
			}
		}
		serve() // the store is asked the first time that the token is met
		asked := store.lookups.Load() + store.touches.Load()
		allocations := testing.AllocsPerRun(runs, serve) - testing.AllocsPerRun(runs, rewind)
		t.Logf("as %s: %.0f allocations", name, allocations)
		if passed != runs+2 { // AllocsPerRun makes one more to warm up
			t.Fatalf("as %s %d of %d requests reached the app", name, passed, runs+2)
		}
		if n := store.lookups.Load() + store.touches.Load() - asked; n != 0 || asked == 0 {
			t.Errorf("as %s %d requests asked the store %d times, the first ones %d times", name, runs, n, asked)
		}
		if allocations > c.most {
			t.Errorf("as %s the gate allocates %.0f times a request, want at most %.0f", name, allocations, c.most)
		}
	}
}

// headerOnly is a writer that keeps the header and the status only, in a map that
// has room for it.
type headerOnly struct {
	header http.Header
	status int
}

func (w *headerOnly) Header() http.Header            { return w.header }
func (w *headerOnly) Write(body []byte) (int, error) { return len(body), nil }
func (w *headerOnly) WriteHeader(status int)         { w.status = status }

// refusedRequest is a request that the gate refuses.
type refusedRequest struct {
	who     string
	cookies string
	headers []string
	status  int
	most    float64 // allocations
}

// refusedRequests are requests of nobody to a gateway.
func refusedRequests(t testing.TB, g *gateway) []refusedRequest {
	t.Helper()
	ring, err := keys.NewRing(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	forged, err := session.NewCookie(ring, session.CookieOptions{Scope: g.origin(), Lifetime: time.Hour}).Issue(session.NewID())
	if err != nil {
		t.Fatal(err)
	}
	program := []string{"Accept", "*/*", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"}
	return []refusedRequest{
		{"a program", "theme=dark", program, http.StatusUnauthorized, 2},                                          // the visit, the values of the headers
		{"a person", "theme=dark", []string{"Accept", "text/html"}, http.StatusSeeOther, 4},                       // and Location
		{"who forged a cookie", "theme=dark; doorpost=" + forged.Value, program, http.StatusUnauthorized, 14},     // and a decode by securecookie
		{"who made a cookie up", "theme=dark; doorpost=" + forged.Value[1:], program, http.StatusUnauthorized, 2}, // its spelling is checked without any
	}
}

func TestARefusalAsksNoStoreAndAllocatesLittle(t *testing.T) {
	store := holdCountingStore(t)
	g := newGateway(t, "doorpost {\n store memory\n mailer console\n}\n", "doorpost {\n allow *@example.com\n}\n respond ok\n")
	h := findHandler(t)
	next := caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error {
		t.Error("a request reached the app")
		return nil
	})
	for _, refused := range refusedRequests(t, g) {
		r, rewind := arriving(g.origin(), refused.cookies, refused.headers...)
		w := &headerOnly{header: make(http.Header, 16)}
		allocations := testing.AllocsPerRun(1000, func() {
			rewind()
			clear(w.header)
			if err := h.ServeHTTP(w, r, next); err != nil {
				t.Error(err)
			}
		}) - testing.AllocsPerRun(1000, rewind)
		t.Logf("%s: %.0f allocations", refused.who, allocations)
		if w.status != refused.status {
			t.Fatalf("%s is answered %d, want %d", refused.who, w.status, refused.status)
		}
		if allocations > refused.most {
			t.Errorf("to refuse %s the gate allocates %.0f times, want at most %.0f", refused.who, allocations, refused.most)
		}
	}
	if asked := store.lookups.Load() + store.touches.Load(); asked != 0 {
		t.Errorf("requests of nobody asked the store %d times", asked)
	}
}

// crowdedStore is one in which everybody is signed in. It counts as the other.
type crowdedStore struct {
	*countingStore
	scope string
}

func (s *crowdedStore) Session(_ context.Context, _ session.Key, now time.Time) (session.Record, bool, error) {
	s.lookups.Add(1)
	return session.Record{Address: "alice@example.com", Scope: s.scope, SignedIn: now, Seen: now, Expires: now.Add(time.Hour)}, true, nil
}

func TestAReloadChangesHowManySessionsAreRemembered(t *testing.T) {
	opened, err := memstore.New()
	if err != nil {
		t.Fatal(err)
	}
	store := &crowdedStore{countingStore: &countingStore{Store: opened}}
	holdBackend(t, store)
	options := "doorpost {\n store memory\n mailer console\n session {\n cache %d\n }\n}\n"
	g := newGateway(t, fmt.Sprintf(options, 1000), helloBehindGate)
	store.scope = g.origin()
	running := g.app().opened
	cookie := session.NewCookie(running.ring, session.CookieOptions{Scope: store.scope, Lifetime: time.Hour})
	var values []string
	for range 3000 {
		issued, err := cookie.Issue(session.NewID())
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, issued.Value)
	}
	// lookups is how many of the sessions are looked up when each is used.
	lookups := func() int64 {
		before := store.lookups.Load()
		for _, value := range values {
			if s, err := g.app().opened.keeper.Find(t.Context(), cookie, value); s == nil || err != nil {
				t.Fatalf("a session is found as %v, %v", s, err)
			}
		}
		return store.lookups.Load() - before
	}
	lookups()
	if n := lookups(); n < 1500 {
		t.Errorf("with room for 1000, %d of 3000 sessions are looked up again", n)
	}
	g.options = fmt.Sprintf(options, 10_000)
	g.load()
	if g.app().opened.backend != running.backend {
		t.Fatal("the reload opened the store once more")
	}
	lookups()
	if n := lookups(); n != 0 {
		t.Errorf("with room for 10000, %d of 3000 sessions are looked up again", n)
	}
	g.options = fmt.Sprintf(options, 1000)
	g.load()
	if n := lookups(); n < 1500 {
		t.Errorf("with room for 1000 after a reload, %d of 3000 sessions are looked up again", n)
	}
}

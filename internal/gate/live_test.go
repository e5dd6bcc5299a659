package gate

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/token"
	"go.uber.org/goleak"
)

// records is a store with sessions only.
type records struct {
	session.Store
	mu      sync.Mutex
	byKey   map[session.Key]session.Record
	delayed func() // called after a session is looked up, before the answer
	tokens  map[token.ID]token.Record
	looks   int // for tokens
}

func (s *records) Session(_ context.Context, key session.Key, _ time.Time) (session.Record, bool, error) {
	s.mu.Lock()
	record, found := s.byKey[key]
	delayed := s.delayed
	s.mu.Unlock()
	if delayed != nil {
		delayed()
	}
	return record, found, nil
}

func (s *records) Touch(context.Context, session.Key, time.Time, time.Time) error { return nil }

// names are rules that admit the addresses in them.
type names []address.Address

func (n names) Admits(who address.Address, _ *people.Standing) bool   { return slices.Contains(n, who) }
func (n names) Groups(address.Address, *people.Standing) (_ []string) { return nil }

// liveGate is a gate whose cuts are counted.
type liveGate struct {
	*Live
	t      *testing.T
	ring   keys.Ring
	store  *records
	cache  *session.Cache
	keeper *session.Keeper
	cuts   atomic.Int64
}

func newLiveGate(t *testing.T) *liveGate {
	t.Helper()
	goleak.VerifyNone(t)
	ring, err := keys.NewRing(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	g := &liveGate{t: t, ring: ring, store: &records{byKey: make(map[session.Key]session.Record)}, cache: session.NewCache(session.DefaultCacheSize)}
	g.keeper = session.NewKeeper(g.store, g.cache, session.Limits{Idle: time.Hour, Absolute: time.Hour, Grace: time.Minute}, slog.New(slog.DiscardHandler))
	g.Live = NewLive(func(ctx context.Context, w http.ResponseWriter) bool {
		if ctx == nil || w == nil {
			t.Error("what is cut was not live")
		}
		g.cuts.Add(1)
		return true
	})
	t.Cleanup(func() {
		g.Close()
		goleak.VerifyNone(t)
	})
	return g
}

const liveOrigin = "https://app.example.com"

func (g *liveGate) site(origin string, blocks ...*Block) *Site {
	g.t.Helper()
	parsed, err := ParseOrigin(origin)
	if err != nil {
		g.t.Fatal(err)
	}
	origins, err := NewOrigins([]Origin{parsed})
	if err != nil {
		g.t.Fatal(err)
	}
	cookie := session.NewCookie(g.ring, session.CookieOptions{Scope: origin, Secure: true, Lifetime: time.Hour})
	return NewSite(origins, func(Origin) *session.Cookie { return cookie }, g.keeper, blocks...)
}

// cookie is that of the site, which has one origin.
func (s *Site) cookie() *session.Cookie {
	origin := s.places.origins.list[0]
	return s.places.of(origin).cookie
}

// signIn makes a session and returns its key and the cookie line.
func (g *liveGate) signIn(s *Site, who address.Address) (key session.Key, line string) {
	g.t.Helper()
	id := session.NewID()
	cookie, err := s.cookie().Issue(id)
	if err != nil {
		g.t.Fatal(err)
	}
	now := time.Now()
	g.store.mu.Lock()
	g.store.byKey[id.Key()] = session.Record{Address: who, Scope: s.cookie().Scope(), SignedIn: now, Seen: now, Expires: now.Add(time.Hour)}
	g.store.mu.Unlock()
	return id.Key(), cookie.Name + "=" + cookie.Value
}

func TestASessionThatEndedElsewhereHasEndedBeforeTheNewsOfIt(t *testing.T) {
	g := newLiveGate(t)
	block := &Block{Rules: names{"alice@example.com"}, Headers: DefaultHeaderNames}
	s := g.site(liveOrigin, block)
	key, line := g.signIn(s, "alice@example.com")
	for _, ended := range []bool{false, true} {
		if ended {
			g.store.mu.Lock()
			delete(g.store.byKey, key) // another instance did it
			g.store.mu.Unlock()
		}
		r := httptest.NewRequest(http.MethodGet, liveOrigin+"/", nil)
		r.Header.Set("Cookie", line)
		v := NewEdge(s).Arrive(r)
		if verdict := block.Check(v, r, r.URL); verdict != Pass {
			t.Errorf("ended %t: the verdict is %d before the store is asked", ended, verdict)
		}
		if got := v.HasEnded(t.Context()); got != ended {
			t.Errorf("ended %t: HasEnded is %t", ended, got)
		}
	}
}

// end ends a session as a store does.
func (g *liveGate) end(key session.Key) {
	g.store.mu.Lock()
	delete(g.store.byKey, key)
	g.store.mu.Unlock()
	g.cache.End(key)
	g.End(key)
}

func arrive(s *Site, line string) (*Visit, *http.Request) {
	r := httptest.NewRequest(http.MethodGet, liveOrigin+"/", nil)
	r.Header.Set("Cookie", line)
	return NewEdge(s).Arrive(r), r
}

// awaitCuts waits for a few reviews at most.
func (g *liveGate) awaitCuts(want int64) {
	g.t.Helper()
	deadline := time.After(3*livePeriod + 5*time.Second)
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for g.cuts.Load() != want {
		select {
		case <-deadline:
			g.t.Fatalf("%d requests were cut, want %d", g.cuts.Load(), want)
		case <-again.C:
		}
	}
}

func TestARequestWhoseSessionEndsBeforeItIsLiveIsCut(t *testing.T) {
	for name, end := range map[string]func(g *liveGate, key session.Key, went func()){
		"after it was found":       func(g *liveGate, key session.Key, went func()) { went(); g.end(key) },
		"while it was being found": func(g *liveGate, key session.Key, went func()) { g.store.delayed = func() { g.end(key) }; went() },
		"and no word of it comes": func(g *liveGate, key session.Key, went func()) {
			went()
			g.store.byKey = nil
			g.cache.Distrust()
			g.Distrust()
		},
		"while another ended as well": func(g *liveGate, key session.Key, went func()) { went(); g.end(session.Key{1}); g.end(key) },
	} {
		t.Run(name, func(t *testing.T) {
			g := newLiveGate(t)
			block := &Block{Rules: names{"alice@example.com"}, Headers: DefaultHeaderNames}
			s := g.site(liveOrigin, block)
			key, line := g.signIn(s, "alice@example.com")
			v, r := arrive(s, line)
			end(g, key, func() {
				if verdict := block.Check(v, r, r.URL); verdict != Pass {
					t.Fatalf("the verdict is %v", verdict)
				}
			})
			if !g.Enter(v, httptest.NewRecorder(), r) || g.Enter(v, httptest.NewRecorder(), r) {
				t.Fatal("a request is noted twice, or not at all")
			}
			g.awaitCuts(1)
			g.Leave(v)
			if n := g.Count(); n != 0 {
				t.Errorf("%d requests are live", n)
			}
		})
	}
}

func TestAShortAnswerThatIsOnItsWayWhenTheSessionEndsArrives(t *testing.T) {
	g := newLiveGate(t)
	block := &Block{Rules: names{"alice@example.com"}, Headers: DefaultHeaderNames}
	s := g.site(liveOrigin, block)
	key, line := g.signIn(s, "alice@example.com")
	var long *Visit
	for range 2 {
		v, r := arrive(s, line)
		block.Check(v, r, r.URL)
		g.Enter(v, httptest.NewRecorder(), r)
		if long == nil {
			long = v
			continue
		}
		g.end(key)
		g.Leave(v)
	}
	g.awaitCuts(1)
	g.Leave(long)
}

func TestWhatComesAfterTheCloseIsCut(t *testing.T) {
	g := newLiveGate(t)
	block := &Block{Rules: names{"alice@example.com"}, Headers: DefaultHeaderNames}
	s := g.site(liveOrigin, block)
	_, line := g.signIn(s, "alice@example.com")
	for range 2 {
		v, r := arrive(s, line)
		block.Check(v, r, r.URL)
		g.Enter(v, httptest.NewRecorder(), r)
		defer g.Leave(v)
		g.Close()
	}
	if n := g.cuts.Load(); n != 2 {
		t.Errorf("%d of 2 requests were cut", n)
	}
}

func TestRequestsComeAndGoWhileSessionsEnd(t *testing.T) {
	const people, rounds = 16, 300
	g := newLiveGate(t)
	block := &Block{Rules: names{"alice@example.com"}, Headers: DefaultHeaderNames}
	s := g.site(liveOrigin, block)
	var coming sync.WaitGroup
	for range people {
		coming.Go(func() {
			for range rounds {
				key, line := g.signIn(s, "alice@example.com")
				var parallel sync.WaitGroup
				for i := range 3 {
					parallel.Go(func() {
						v, r := arrive(s, line)
						if verdict := block.Check(v, r, r.URL); verdict == Pass && g.Enter(v, httptest.NewRecorder(), r) {
							if i == 0 {
								g.end(key)
								g.shards[key[0]].each(func(live *Visit) {
									if live == v && v.live.over == 0 {
										t.Error("a request of an ended session goes on")
									}
								})
							}
							g.Leave(v)
						}
					})
				}
				parallel.Wait()
			}
		})
	}
	coming.Wait()
	if n := g.Count(); n != 0 {
		t.Errorf("%d requests are live", n)
	}
}

// BenchmarkLive is the extra cost of a request that goes to the app with an identity.
func BenchmarkLive(b *testing.B) {
	keeper := session.NewKeeper(nil, session.NewCache(1), session.Limits{}, nil)
	live := NewLive(func(context.Context, http.ResponseWriter) bool { return true })
	defer live.Close()
	v, w := &Visit{site: &Site{keeper: keeper}, session: new(session.Session)}, httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, liveOrigin+"/", nil)
	b.ReportAllocs()
	for b.Loop() {
		v.ends = keeper.Ends()
		v.passed.Or(1)
		if live.Enter(v, w, r) {
			live.Leave(v)
		}
	}
}

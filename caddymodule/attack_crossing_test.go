package caddymodule

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/assertion"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// crossings is how many requests TestAttackID02NoIdentityCrosses makes.
// DOORPOST_CROSSINGS=1000000 go test -race -timeout 30m -run NoIdentityCrosses ./caddymodule
// makes a million.
func crossings(t *testing.T) int64 {
	count, err := strconv.ParseInt(os.Getenv("DOORPOST_CROSSINGS"), 10, 64)
	if os.Getenv("DOORPOST_CROSSINGS") == "" {
		return 50_000
	} else if err != nil {
		t.Fatal(err)
	}
	return count
}

// jitteryStore answers sooner or later, and fails now and then.
type jitteryStore struct {
	Store
	failures atomic.Int64
}

func (s *jitteryStore) Session(ctx context.Context, key session.Key, now time.Time) (session.Record, bool, error) {
	select {
	case <-time.After(rand.N(2 * time.Millisecond)):
	case <-ctx.Done():
		return session.Record{}, false, ctx.Err()
	}
	if rand.IntN(50) == 0 {
		s.failures.Add(1)
		return session.Record{}, false, context.DeadlineExceeded
	}
	return s.Store.Session(ctx, key, now)
}

// crossing is one kind of request, and who may be named in it.
type crossing struct {
	cookies, who string
	cancelled    bool
	hopeless     bool // never passes
}

type crossingTest struct {
	handler *Handler
	origin  string
	kinds   []crossing
	ended   sync.Map // cookies of sessions whose end was acknowledged
	passed  atomic.Int64
	refused atomic.Int64
}

// once makes one request and says what went wrong with it.
func (c *crossingTest) once(random *rand.Rand) error {
	kind := c.kinds[random.IntN(len(c.kinds))]
	_, ended := c.ended.Load(kind.cookies)
	r := httptest.NewRequest(http.MethodGet, c.origin+fmt.Sprintf("/app?n=%d", random.Int()), nil)
	r.Header.Set("Cookie", kind.cookies)
	for _, name := range []string{"Remote-User", "remote_user", "Remote.Email", "Remote-Groups", "doorpost_assertion", assertion.Header} {
		if random.IntN(2) == 0 {
			r.Header[name] = []string{"forged@example.com"}
		}
	}
	if kind.cancelled {
		ctx, cancel := context.WithTimeout(r.Context(), rand.N(time.Millisecond))
		defer cancel()
		r = r.WithContext(ctx)
	}
	w := httptest.NewRecorder()
	repl := caddy.NewReplacer()
	r = caddyhttp.PrepareRequest(r, repl, w, &caddyhttp.Server{})
	reached, told, said, asserted := false, "", "", ""
	err := c.handler.ServeHTTP(w, r, caddyhttp.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) error {
		reached = true
		told = strings.Join(r.Header["Remote-User"], "|")
		said, _ = repl.GetString("http.auth.user.id")
		asserted = assertedEmail(r.Header[assertion.Header])
		for name, values := range r.Header {
			if strings.Contains(strings.Join(values, ""), "forged") {
				return fmt.Errorf("%s: %q reached the app", name, values)
			}
		}
		return nil
	}))
	switch {
	case err != nil:
		return err
	case !reached:
		c.refused.Add(1)
		if w.Code != http.StatusUnauthorized && w.Code != http.StatusServiceUnavailable {
			return fmt.Errorf("a request of %q was answered %d", kind.who, w.Code)
		}
		if who := kind.who; who != "" && strings.Contains(w.Body.String(), "example.com") {
			return fmt.Errorf("the refusal names somebody: %s", w.Body)
		}
		return nil
	case kind.hopeless || ended:
		return fmt.Errorf("a request that may not pass reached the app as %q", told)
	case told != kind.who || said != kind.who || asserted != kind.who:
		return fmt.Errorf("a request of %s reached the app as %q, its assertion is of %q, and the log says %q", kind.who, told, asserted, said)
	}
	c.passed.Add(1)
	return nil
}

// assertedEmail is the email in an assertion; empty without one.
func assertedEmail(values []string) string {
	var claims struct{ Email string }
	if len(values) == 1 {
		if parts := strings.Split(values[0], "."); len(parts) == 3 {
			raw, _ := base64.RawURLEncoding.DecodeString(parts[1])
			_ = json.Unmarshal(raw, &claims)
		}
	}
	return claims.Email
}

func TestAttackID02NoIdentityCrosses(t *testing.T) {
	const sessions, workers = 25, 16
	store := &jitteryStore{Store: openMemory(t)}
	holdBackend(t, store)
	g := newGateway(t, "doorpost {\n store memory\n mailer console\n limit client 100000 1m\n limit address 100000 1m\n limit total 100000 1m\n}\n", "doorpost {\n allow *@example.com\n assertion\n}\n respond ok\n")
	g.backend().cache.Resize(sessions) // few, so that sessions are looked up again
	c := &crossingTest{handler: findHandler(t), origin: g.origin()}
	var leaving []*browser
	cookie := func(b *browser) (pairs string) {
		for _, cookie := range b.client.Jar.Cookies(httptest.NewRequest(http.MethodGet, g.origin(), nil).URL) {
			pairs += cookie.Name + "=" + cookie.Value + "; "
		}
		return pairs
	}
	var own string
	for range sessions {
		for _, who := range []string{"alice@example.com", "bob@example.com"} {
			b := g.newBrowser()
			b.signIn(who)
			pair := cookie(b)
			c.kinds = append(c.kinds, crossing{cookies: pair + "theme=dark", who: who}, crossing{cookies: pair, who: who}, crossing{cookies: pair, who: who, cancelled: true}, crossing{cookies: own + pair, who: "", hopeless: own != ""})
			if own == "" {
				c.kinds = c.kinds[:len(c.kinds)-1]
			}
			own = pair
			leaving = append(leaving, b)
		}
		c.kinds = append(c.kinds, crossing{hopeless: true}, crossing{cookies: "doorpost=" + strings.Repeat("A", 80), hopeless: true}, crossing{cookies: "theme=dark", hopeless: true, cancelled: true})
	}
	goroutines := ourGoroutines(t)
	left := crossings(t)
	var todo atomic.Int64
	todo.Store(left)
	var requests sync.WaitGroup
	failed := make(chan error, workers)
	for i := range workers {
		random := rand.New(rand.NewPCG(uint64(i), 2))
		requests.Go(func() {
			for todo.Add(-1) >= 0 {
				if err := c.once(random); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	// Meanwhile some sign out. From then on their cookies open nothing.
	for _, b := range leaving[:sessions] {
		pair := cookie(b)
		if got := b.do(http.MethodPost, "/_doorpost/sign-out", nil, "Content-Type", "application/x-www-form-urlencoded", "Origin", b.origin()); got.status == http.StatusSeeOther {
			c.ended.Store(pair, true)
			c.ended.Store(pair+"theme=dark", true)
		}
		runtime.Gosched()
	}
	requests.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	t.Logf("%d requests: %d passed, %d were refused; the store failed %d times", left, c.passed.Load(), c.refused.Load(), store.failures.Load())
	if c.passed.Load() < left/8 || c.refused.Load() < left/10 || store.failures.Load() == 0 {
		t.Error("the requests were not as mixed as they should be")
	}
	expectNoNewGoroutines(t, goroutines)
}

package gate

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/assertion"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// keyShelf keeps keys of assertions.
type keyShelf struct {
	mu   sync.Mutex
	kept []assertion.Record
	err  error
}

func (s *keyShelf) TurnSigningKeys(_ context.Context, turn func([]assertion.Record) ([]assertion.Record, error)) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.kept, err = turn(s.kept)
	}
	return errors.Join(s.err, err)
}

// signingKeys are keys that sign, unless the store is down.
func (g *liveGate) signingKeys(down error) *assertion.Keys {
	k := assertion.NewKeys(g.ring, &keyShelf{err: down}, slog.New(slog.DiscardHandler))
	if err := k.Look(g.t.Context()); (err != nil) != (down != nil) {
		g.t.Fatal(err)
	}
	return k
}

// isSomebody gives the person of a session a subject.
func (g *liveGate) isSomebody(key session.Key) people.Subject {
	g.store.mu.Lock()
	defer g.store.mu.Unlock()
	r := g.store.byKey[key]
	r.Subject, r.Method = people.NewSubject(), session.ByPasskey
	g.store.byKey[key] = r
	return r.Subject
}

// says is what the assertions under a name say of somebody, of which there is one.
func says(t *testing.T, r *http.Request, name string) (claims struct {
	Iss, Aud, Sub, Email string
	Amr                  []string
}) {
	t.Helper()
	values := r.Header[name]
	if len(values) != 1 || strings.Count(values[0], ".") != 2 {
		t.Fatalf("%s is %q", name, values)
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(values[0], ".")[1])
	if err == nil {
		err = json.Unmarshal(raw, &claims)
	}
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

func TestAnAppGetsAnAssertionWhereverItLearnsWhoIsSignedIn(t *testing.T) {
	g := newLiveGate(t)
	private := &Block{Rules: names{alice}, Headers: HeaderNames{User: "Remote-User", Assertion: assertion.Header}}
	public := &Block{Rules: names{alice}, Matches: noMatch, Headers: HeaderNames{Assertion: "X-Word"}}
	plain := &Block{Rules: names{alice}, Headers: DefaultHeaderNames}
	site := g.site(liveOrigin, private, public, plain)
	site.Assertions = g.signingKeys(nil)
	key, line := g.signIn(site, alice)
	subject := g.isSomebody(key)
	visit, r := arrive(site, line)
	for _, c := range []struct {
		block *Block
		name  string
	}{{private, assertion.Header}, {public, "X-Word"}} {
		if got, err := c.block.Decide(visit, r, r.URL); got != Pass || err != nil {
			t.Fatalf("the verdict is %d, %v", got, err)
		}
		got := says(t, r, c.name)
		if got.Iss != liveOrigin || got.Aud != liveOrigin || got.Sub != subject.String() || got.Email != string(alice) || got.Amr[0] != "passkey" {
			t.Errorf("%s says %+v", c.name, got)
		}
	}
	if r.Header["X-Word"][0] != r.Header[assertion.Header][0] {
		t.Error("for two blocks two were signed")
	}
	if _, r := arrive(site, line); len(r.Header) > 0 {
		t.Errorf("before any block arrives %v", r.Header)
	}
	visit, r = arrive(site, line)
	if got, err := plain.Decide(visit, r, r.URL); got != Pass || err != nil || len(r.Header) != 2 {
		t.Errorf("behind a block without assertion the verdict is %d, %v, and the app gets %v", got, err, r.Header)
	}
}

// What the operator wants the app to check, it must get.
func TestNobodyPassesWithoutAnAssertionWhereTheAppWantsOne(t *testing.T) {
	g := newLiveGate(t)
	private := &Block{Rules: names{alice}, Headers: HeaderNames{User: "Remote-User", Assertion: assertion.Header}}
	public := &Block{Rules: names{alice}, Matches: noMatch, Headers: private.Headers}
	site := g.site(liveOrigin, private, public)
	site.Assertions = g.signingKeys(errors.New("connection refused"))
	key, line := g.signIn(site, alice)
	g.isSomebody(key)
	for block, want := range map[*Block]Verdict{private: Unavailable, public: PassUnnamed} {
		visit, r := arrive(site, line)
		if got, err := block.Decide(visit, r, r.URL); got != want || err != nil || len(r.Header) > 0 {
			t.Errorf("the verdict is %d, %v, want %d; the app gets %v", got, err, want, r.Header)
		}
	}
}

func TestASessionOfNobodyInParticularGetsNoAssertion(t *testing.T) {
	g := newLiveGate(t)
	block := &Block{Rules: names{alice}, Headers: HeaderNames{User: "Remote-User", Assertion: assertion.Header}}
	site := g.site(liveOrigin, block)
	site.Assertions = g.signingKeys(nil)
	_, line := g.signIn(site, alice)
	visit, r := arrive(site, line)
	if got, err := block.Decide(visit, r, r.URL); got != Pass || err != nil || r.Header.Get("Remote-User") == "" || len(r.Header) != 1 {
		t.Errorf("the verdict is %d, %v; the app gets %v", got, err, r.Header)
	}
}

func TestNoAssertionOfAClientArrives(t *testing.T) {
	g := newLiveGate(t)
	without := g.site("https://without.example.com", &Block{Rules: names{alice}, Headers: DefaultHeaderNames})
	renamed := g.site("https://renamed.example.com", &Block{Rules: names{alice}, Headers: HeaderNames{User: "Remote-User", Assertion: "X-Word"}})
	for _, c := range []struct {
		edge  *Edge
		names []string
	}{{NewEdge(without), []string{assertion.Header}}, {NewEdge(without, renamed), []string{assertion.Header, "X-Word"}}} {
		for _, name := range c.names {
			for _, spelling := range spellings(name) {
				for _, host := range []string{"without.example.com", "renamed.example.com", "elsewhere.example.com"} {
					r := httptest.NewRequest(http.MethodGet, "/", nil)
					r.Host = host
					r.Header = http.Header{spelling: {"forged"}, "Connection": {"close, " + spelling}, "X-Kept": {"1"}}
					c.edge.Arrive(r)
					if len(r.Header) != 2 || r.Header.Get("Connection") != "close" {
						t.Errorf("at %s %s arrives: %v", host, spelling, r.Header)
					}
				}
			}
		}
	}
}

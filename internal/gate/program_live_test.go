package gate

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/token"
)

// staff are rules that admit those that the store has in that group.
type staff struct{ names }

func (staff) Admits(_ address.Address, s *people.Standing) bool {
	return s != nil && slices.Contains(s.Groups, "staff")
}

// change changes the record of a token as a store does, and tells of it.
func (g *liveGate) change(id token.ID, change func(r *token.Record)) {
	g.store.mu.Lock()
	r := g.store.tokens[id]
	key := session.TokenKey(r.Sum)
	change(&r)
	g.store.tokens[id] = r
	g.store.mu.Unlock()
	g.cache.Change(key)
	g.Change(key)
}

// enter has a request with a token go to the app.
func (g *liveGate) enter(s *Site, text string) *Visit {
	g.t.Helper()
	r := httptest.NewRequest(http.MethodGet, liveOrigin+"/", nil)
	r.Header.Set("Authorization", "Bearer "+text)
	v := NewEdge(s).Arrive(r)
	for _, b := range s.blocks {
		if verdict := b.Check(v, r, r.URL); verdict != Pass {
			g.t.Fatalf("the verdict is %d, %q", verdict, v.Problem())
		}
	}
	g.Enter(v, httptest.NewRecorder(), r)
	return v
}

func TestALiveRequestIsCutWhenItsTokenIsGoodNoMore(t *testing.T) {
	inGroups := func(groups ...string) func(r *token.Record) {
		return func(r *token.Record) { r.Standing = &people.Standing{Groups: groups} }
	}
	for name, c := range map[string]struct {
		do  func(g *liveGate, id token.ID, key session.Key)
		cut bool
	}{
		"it ends": {func(g *liveGate, id token.ID, key session.Key) {
			g.store.mu.Lock()
			delete(g.store.tokens, id)
			g.store.mu.Unlock()
			g.cache.End(key)
			g.End(key)
		}, true},
		"it ends and no word of it comes": {func(g *liveGate, id token.ID, _ session.Key) {
			g.store.mu.Lock()
			delete(g.store.tokens, id)
			g.store.mu.Unlock()
			g.cache.Distrust()
			g.Distrust()
		}, true},
		"it is rotated": {func(g *liveGate, id token.ID, _ session.Key) {
			g.change(id, func(r *token.Record) { r.Former, r.FormerUntil, r.Sum = r.Sum, time.Now(), token.Sum{1} })
		}, true},
		"the overlap is over": {func(g *liveGate, id token.ID, _ session.Key) {
			g.change(id, func(r *token.Record) {
				r.Former, r.FormerUntil, r.Sum = r.Sum, time.Now().Add(500*time.Millisecond), token.Sum{1}
			})
		}, true},
		"it expires": {func(g *liveGate, id token.ID, _ session.Key) {
			g.change(id, func(r *token.Record) { r.Expires = time.Now().Add(500 * time.Millisecond) })
		}, true},
		"the owner is not admitted any more": {func(g *liveGate, id token.ID, _ session.Key) { g.change(id, inGroups("guests")) }, true},
		"the owner moves": {func(g *liveGate, id token.ID, key session.Key) {
			g.change(id, func(r *token.Record) { r.Owner = "alice@example.net" })
			g.cache.End(key)
			g.End(key)
		}, true},
		"the owner gets another group": {func(g *liveGate, id token.ID, _ session.Key) { g.change(id, inGroups("guests", "staff")) }, false},
		"it is rotated with overlap": {func(g *liveGate, id token.ID, _ session.Key) {
			g.change(id, func(r *token.Record) { r.Former, r.FormerUntil, r.Sum = r.Sum, time.Now().Add(time.Hour), token.Sum{1} })
		}, false},
		"another ends": {func(g *liveGate, _ token.ID, key session.Key) {
			key[15]++
			g.cache.End(key)
			g.End(key)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := newLiveGate(t)
			s := g.site(liveOrigin, &Block{Rules: staff{}, Headers: DefaultHeaderNames, Tokens: PersonalTokens})
			id, text := g.makeToken("alice@example.com", nil)
			g.change(id, inGroups("staff"))
			doomedID, doomedText := g.makeToken("alice@example.com", nil) // shows that the reviews were made
			g.change(doomedID, inGroups("staff"))
			v := g.enter(s, text)
			c.do(g, id, v.session.Key)
			want := int64(1)
			if !c.cut {
				doomed := g.enter(s, doomedText)
				g.change(doomedID, inGroups())
				defer g.Leave(doomed)
			}
			g.awaitCuts(want)
			g.shards[v.session.Key[0]].each(func(live *Visit) {
				if live == v && v.live.cut != c.cut {
					t.Errorf("it is cut: %v, want %v", v.live.cut, c.cut)
				}
			})
			g.Leave(v)
		})
	}
}

func TestTheNewestConfigurationDecidesAboutRequestsWithTokens(t *testing.T) {
	const alice address.Address = "alice@example.com"
	block := func(tokens Tokens, who ...address.Address) *Block {
		return &Block{Rules: names(who), Headers: DefaultHeaderNames, Tokens: tokens, Proof: Proof{Recent: time.Minute}}
	}
	for name, c := range map[string]struct {
		next              func(g *liveGate) *Site
		service, personal bool
	}{
		"the same":               {func(g *liveGate) *Site { return g.site(liveOrigin, block(PersonalTokens, alice)) }, true, true},
		"no tokens any more":     {func(g *liveGate) *Site { return g.site(liveOrigin, block(NoTokens, alice)) }, false, false},
		"those of services only": {func(g *liveGate) *Site { return g.site(liveOrigin, block(ServiceTokens, alice)) }, true, false},
		"other people":           {func(g *liveGate) *Site { return g.site(liveOrigin, block(PersonalTokens, "bob@example.com")) }, true, false},
		"a second block without": {func(g *liveGate) *Site {
			return g.site(liveOrigin, block(PersonalTokens, alice), block(NoTokens, alice))
		}, false, false},
		"another secret": {func(g *liveGate) *Site {
			g.ring, _ = keys.NewRing(keys.Generate())
			return g.site(liveOrigin, block(PersonalTokens, alice))
		}, true, true},
		"another site": {func(g *liveGate) *Site { return g.site("https://b.example.com", block(PersonalTokens, alice)) }, false, false},
		"no site":      {func(*liveGate) *Site { return nil }, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := newLiveGate(t)
			first := g.site(liveOrigin, block(PersonalTokens, alice))
			retire := g.Use(map[string]*Site{"a": first})
			_, service := g.makeToken("", nil)
			_, personal := g.makeToken(alice, nil)
			sites := make(map[string]*Site)
			if next := c.next(g); next != nil {
				sites["a"] = next
			}
			visits := map[*Visit]bool{g.enter(first, service): c.service, g.enter(first, personal): c.personal}
			defer g.Use(sites)()
			retire()
			for v, goes := range visits {
				g.mu.Lock()
				if got := g.Live.keeper(v) != nil; got != goes {
					t.Errorf("the request of %s goes on: %v, want %v", v.session.Token().User(), got, goes)
				}
				g.mu.Unlock()
				g.Leave(v)
			}
		})
	}
}

// A token that was checked a moment ago costs little more than a session.
func TestARequestWithATokenAllocatesLittle(t *testing.T) {
	g := newLiveGate(t)
	block := &Block{Rules: names{"alice@example.com"}, Headers: DefaultHeaderNames, Tokens: PersonalTokens}
	s := g.site(liveOrigin, block)
	edge := NewEdge(s)
	_, line := g.signIn(s, "alice@example.com")
	_, service := g.makeToken("", nil)
	_, personal := g.makeToken("alice@example.com", nil)
	allocations := func(name, value string) float64 {
		r := httptest.NewRequest(http.MethodGet, liveOrigin+"/", nil)
		values := make([]string, 1)
		return testing.AllocsPerRun(1000, func() {
			values[0] = value
			r.Header[name] = values
			delete(r.Header, "Remote-User")
			delete(r.Header, "Remote-Email")
			delete(r.Header, "Remote-Groups")
			if verdict := block.Check(edge.Arrive(r), r, r.URL); verdict != Pass {
				t.Fatalf("the verdict is %d", verdict)
			}
		})
	}
	bySession := allocations("Cookie", line)
	for name, sent := range map[string][2]string{
		"of a service":         {"Authorization", "Bearer " + service},
		"of a person":          {"Authorization", "Bearer " + personal},
		"as a password":        {"Authorization", basicFor("git", service)},
		"in a header of ours":  {TokenHeader, service},
		"of a person, as user": {"Authorization", basicFor(personal, "")},
	} {
		n := allocations(sent[0], sent[1])
		t.Logf("%s: %.0f, a session %.0f", name, n, bySession)
		if n > bySession+2 {
			t.Errorf("a token %s allocates %.0f times, a session %.0f times", name, n, bySession)
		}
	}
	if g.store.looks != 2 {
		t.Errorf("the store was asked %d times about two tokens", g.store.looks)
	}
}

package gate

import (
	"net/http/httptest"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/keys"
)

func TestTheNewestConfigurationDecidesAboutRequestsOfThoseBefore(t *testing.T) {
	const alice, bob address.Address = "alice@example.com", "bob@example.com"
	block := func(covers string, who ...address.Address) *Block {
		return &Block{Covers: covers, Rules: names(who), Headers: DefaultHeaderNames}
	}
	type sites = map[string]*Site
	for name, c := range map[string]struct {
		next func(g *liveGate) sites
		goes bool
	}{
		"the same rules": {func(g *liveGate) sites { return sites{"a": g.site(liveOrigin, block("admin", bob), block("", alice))} }, true},
		"wider rules": {func(g *liveGate) sites {
			return sites{"a": g.site(liveOrigin, block("admin", bob), block("", alice, bob))}
		}, true},
		"narrower where it went through": {func(g *liveGate) sites {
			return sites{"a": g.site(liveOrigin, block("admin", alice, bob), block("", bob))}
		}, false},
		"narrower where it did not":       {func(g *liveGate) sites { return sites{"a": g.site(liveOrigin, block("admin"), block("", alice))} }, true},
		"the blocks in another order":     {func(g *liveGate) sites { return sites{"a": g.site(liveOrigin, block("", alice), block("admin", bob))} }, true},
		"one block less":                  {func(g *liveGate) sites { return sites{"a": g.site(liveOrigin, block("", alice))} }, true},
		"one more that admits the person": {func(g *liveGate) sites { return sites{"a": g.site(liveOrigin, block("", alice), block("new", alice))} }, true},
		"one more that may be met":        {func(g *liveGate) sites { return sites{"a": g.site(liveOrigin, block("", alice), block("new", bob))} }, false},
		"another name of the server":      {func(g *liveGate) sites { return sites{"b": g.site(liveOrigin, block("", alice))} }, true},
		"another name, and narrower":      {func(g *liveGate) sites { return sites{"b": g.site(liveOrigin, block("", bob))} }, false},
		"another name, twice, one narrower": {func(g *liveGate) sites {
			return sites{"b": g.site(liveOrigin, block("", alice)), "c": g.site(liveOrigin, block("", bob))}
		}, false},
		"another origin": {func(g *liveGate) sites { return sites{"a": g.site("https://other.example.com", block("", alice))} }, false},
		"no site":        {func(g *liveGate) sites { return nil }, false},
		"another secret": {func(g *liveGate) sites {
			g.ring, _ = keys.NewRing(keys.Generate())
			return sites{"a": g.site(liveOrigin, block("", alice))}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := newLiveGate(t)
			admin, all := block("admin", bob), block("", alice)
			first := g.site(liveOrigin, admin, all)
			_, line := g.signIn(first, alice)
			retire := g.Use(sites{"a": first})
			v, r := arrive(first, line)
			admin.Greet(v, r, r.URL)
			if verdict := all.Check(v, r, r.URL); verdict != Pass {
				t.Fatalf("the verdict is %v", verdict)
			}
			g.Enter(v, httptest.NewRecorder(), r)
			defer g.Leave(v)
			decides := func() bool {
				g.mu.Lock()
				defer g.mu.Unlock()
				return g.Live.keeper(v) != nil
			}
			next := g.Use(c.next(g))
			if !decides() {
				t.Error("a configuration decides before it has taken over")
			}
			retire()
			if goes := decides(); goes != c.goes {
				t.Errorf("the request goes on: %v, want %v", goes, c.goes)
			}
			next()
			if decides() {
				t.Error("no configuration is in use, and the request goes on")
			}
		})
	}
}

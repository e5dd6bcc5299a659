package acceptance

import (
	"strings"
	"testing"
)

// deepPath is one whose bytes a careless reader changes, and deepRoute a fragment in which
// an app keeps where the person is.
const (
	deepPath  = "/a%2Fb/c%20d?q=1&q=%7E~+%20&x=%C3%A9&back=https://app.one.example/?y&&z"
	deepRoute = "#/route?tab=a&view=b"
)

// Whoever signs in once, at the portal, is where they wanted to be, and opens an app of
// another domain without a page of ours.
func TestOneSignInOpensAppsOfUnrelatedDomains(t *testing.T) {
	t.Parallel()
	w := startFront(t, plan{serve: showAsked})
	for name, way := range map[string]struct {
		withoutScript bool
		signIn        func(t *testing.T, p *profile, address string) *tab
	}{
		"link in the same tab": {signIn: func(t *testing.T, p *profile, address string) *tab {
			tab := w.tab(p)
			tab.open(w.ask(tab, w.app+deepPath+deepRoute, address).link)
			return tab
		}},
		"link in another tab": {signIn: func(t *testing.T, p *profile, address string) *tab {
			waiting, other := w.tab(p), w.tab(p)
			other.open(w.ask(waiting, w.app+deepPath+deepRoute, address).link)
			other.arrives(w.app+deepPath+deepRoute, address)
			return waiting // it goes on by itself
		}},
		"code": {signIn: func(t *testing.T, p *profile, address string) *tab {
			tab := w.tab(p)
			tab.typeInto("#code", w.ask(tab, w.app+deepPath+deepRoute, address).code+"\r")
			return tab
		}},
		"code without script": {withoutScript: true, signIn: func(t *testing.T, p *profile, address string) *tab {
			tab := w.tab(p)
			tab.withoutScript()
			tab.typeInto("#code", w.ask(tab, w.app+deepPath+deepRoute, address).code+"\r")
			return tab
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, route := strings.ReplaceAll(name, " ", "-")+"@example.com", deepRoute
			if way.withoutScript {
				route = "" // only a script can take it over the form
			}
			p := w.profile()
			p.t = t
			way.signIn(t, p, address).arrives(w.app+deepPath+route, address)

			tab := p.newTab()
			if way.withoutScript {
				tab.withoutScript()
			}
			tab.open(w.wiki + deepPath + deepRoute)
			tab.arrives(w.wiki+deepPath+deepRoute, address)
			steps := tab.steps()
			if len(steps) < 2 || len(steps) > 5 {
				t.Errorf("the second app opens after %d redirects: %q", len(steps)-1, steps)
			}
			for i, url := range steps {
				if isLast := i == len(steps)-1; strings.Contains(url, "/_doorpost/") == isLast && i > 0 || strings.Contains(url, "/sign-in") {
					t.Errorf("on the way to the second app the browser asks for %s: %q", url, steps)
				}
			}
		})
	}
}

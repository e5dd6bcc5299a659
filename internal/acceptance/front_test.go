package acceptance

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"sync"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/redistest"
)

// The origins of a front that is not on loopback. Something in front of the gates speaks TLS
// for them.
const (
	loginOrigin = "https://login.example.com" // the portal
	appOrigin   = "https://app.example.com"
	wikiOrigin  = "https://wiki.other.example"
	clubOrigin  = "https://club.other.example" // for carl alone; others ask
)

// enterPath is where a site and its portal send browsers to each other.
const enterPath = "/_doorpost/enter"

// front is sites of several domains that share a portal, at one gate or at several
// with one store.
type front struct {
	*stage                           // the first gate
	gates                   []*stage // all
	plan                    plan
	portal, app, wiki, club string                  // origins
	chat                    *chat                   // what WebSockets of all sites lead to
	dial                    string                  // the address that visitors connect to
	proxy                   func() (address string) // through which browsers find the origins, unless they are on loopback
}

// plan says how a front differs from the usual one. The lines of the setup for a site are
// those of app.
type plan struct {
	setup
	onLoopback bool             // by http, on hosts below localhost, where browsers take service workers; else by https
	wiki       string           // lines of its directive; default: allow *@example.com
	serve      http.HandlerFunc // the app in place of the echo upstream; the wiki is showAsked then
}

// startFront starts one gate with all the sites.
func startFront(t testing.TB, p plan) *front {
	t.Helper()
	f := prepareFront(t, 1, p)
	f.run()
	return f
}

// startFronts starts two gates on one Redis, which they reach at a URL, with a balancer
// before them.
func startFronts(t testing.TB, redisURL string, p plan) *front {
	t.Helper()
	p.store = "redis " + redisURL
	p.global += "\nsecret " + newSecret()
	f := prepareFront(t, 2, p)
	f.dial = startBalancer(t, "127.0.0.1:"+f.gates[0].port, "127.0.0.1:"+f.gates[1].port).address
	f.run()
	return f
}

// prepareFront does everything but start the gates.
func prepareFront(t testing.TB, gates int, p plan) *front {
	t.Helper()
	f := &front{plan: p, portal: loginOrigin, app: appOrigin, wiki: wikiOrigin, club: clubOrigin, chat: startChat(t)}
	for range gates {
		f.gates = append(f.gates, prepare(t, setup{}))
	}
	f.stage = f.gates[0]
	f.dial = "127.0.0.1:" + f.port
	f.proxy = sync.OnceValue(func() string { return startProxy(f.t, startTLS(f.t, f.dial)) })
	if p.onLoopback {
		for _, origin := range []*string{&f.portal, &f.app, &f.wiki, &f.club} {
			name, _, _ := strings.Cut(strings.TrimPrefix(*origin, "https://"), ".")
			*origin = "http://" + name + ".localhost:" + f.port
		}
	}
	for _, g := range f.gates {
		g.mail, g.upstream = f.mail, f.upstream
		f.configure(g, p.setup)
	}
	return f
}

// configure writes the Caddyfile of a gate, with the portal.
func (f *front) configure(g *stage, s setup) {
	s.global += "\nportal " + f.portal
	f.configureSites(g, s, "doorpost_portal")
}

// configureSites writes the Caddyfile of a gate. The host of the portal has the lines
// given.
func (f *front) configureSites(g *stage, s setup, atPortal string) {
	f.t.Helper()
	log := "log"
	if s.silent {
		log = ""
	}
	behind := func(app http.HandlerFunc) string {
		address := g.upstream.address
		if f.plan.serve != nil {
			address = serveApp(f.t, app)
		}
		return fmt.Sprintf("reverse_proxy %s %s\nreverse_proxy %s", socketPath, f.chat.address, address)
	}
	var sites strings.Builder
	sites.WriteString(behind(f.plan.serve))
	for origin, lines := range map[string]string{
		f.wiki: cmp.Or(f.plan.wiki, "allow *@example.com"), f.club: "allow carl@example.com\nask owner@example.com",
	} {
		fmt.Fprintf(&sites, "\n}\n%s {\n%s\ndoorpost {\nurl %s\n%s\n}\n%s", plainAddress(origin, g), log, origin, lines, behind(showAsked))
	}
	fmt.Fprintf(&sites, "\n}\n%s {\n%s\n%s", plainAddress(f.portal, g), log, atPortal)
	s.site = "url " + f.app + "\n" + cmp.Or(s.site, "allow *@example.com")
	if !strings.Contains(s.global, "admins ") {
		s.global += "\nadmins admin@example.com"
	}
	s.address, s.origin, s.behind = plainAddress(f.app, g), f.app, s.behind+"\n"+sites.String()
	g.configure(s)
}

// plainAddress is the address of a site to which something else speaks TLS, if it is by
// https at all.
func plainAddress(origin string, g *stage) string {
	if rest, secure := strings.CutPrefix(origin, "https://"); secure {
		return "http://" + rest + ":" + g.port
	}
	return origin
}

// serveApp starts an app.
func serveApp(t testing.TB, app http.HandlerFunc) (address string) {
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// startTLS starts what speaks TLS to browsers, with any certificate, before a server that
// does not.
func startTLS(t testing.TB, server string) (address string) {
	front := httptest.NewTLSServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = "http", server }, // the Host stays
	})
	t.Cleanup(front.Close)
	return front.Listener.Addr().String()
}

// run starts all gates and waits until they answer.
func (f *front) run() {
	f.t.Helper()
	for _, g := range f.gates {
		f.runGate(g)
	}
}

func (f *front) runGate(g *stage) {
	f.t.Helper()
	g.gate = launch(f.t, g.home, "run", "--config", g.caddyfile())
	probe := g.behindTLS(f.portal)
	await(f.t, "the gate to answer", func() bool {
		if g.gate.HasEnded() {
			f.t.Fatalf("the gate did not start: %s", g.gate.Output())
		}
		a, err := probe.try(probe.navigate("/_doorpost/sign-in"))
		return err == nil && a.status == http.StatusOK
	})
}

// eachFront runs a test on a gate with the embedded store, and on two with Redis.
func eachFront(t *testing.T, p plan, test func(t *testing.T, f *front)) {
	t.Helper()
	t.Parallel()
	t.Run("bolt", func(t *testing.T) {
		t.Parallel()
		test(t, startFront(t, p))
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		test(t, startFronts(t, redistest.Single(t).URL(), p))
	})
}

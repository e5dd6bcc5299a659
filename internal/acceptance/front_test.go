package acceptance

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/redistest"
)

// The origins of a front. Something in front of the gates speaks TLS for them.
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
	t     testing.TB
	gates []*stage
	mail  *mailServer
	app   *chat  // what WebSockets of all sites lead to
	dial  string // the address that browsers connect to
}

// startFront starts one gate with all the sites. The setup says what is different; its
// lines for a site are those of app.
func startFront(t testing.TB, s setup) *front {
	t.Helper()
	f := prepareFront(t, 1, s)
	f.run()
	return f
}

// startFronts starts two gates on one Redis, which they reach at a URL, with a balancer
// before them.
func startFronts(t testing.TB, redisURL string, s setup) *front {
	t.Helper()
	s.store = "redis " + redisURL
	s.global += "\nsecret " + newSecret()
	f := prepareFront(t, 2, s)
	f.dial = startBalancer(t, "127.0.0.1:"+f.gates[0].port, "127.0.0.1:"+f.gates[1].port).address
	f.run()
	return f
}

// prepareFront does everything but start the gates.
func prepareFront(t testing.TB, gates int, s setup) *front {
	t.Helper()
	f := &front{t: t, app: startChat(t)}
	for i := range gates {
		g := prepare(t, setup{})
		f.gates = append(f.gates, g)
		g.mail, g.upstream = f.gates[0].mail, f.gates[0].upstream
		if i == 0 {
			f.mail, f.dial = g.mail, "127.0.0.1:"+g.port
		}
		f.configure(g, s)
	}
	return f
}

// configure writes the Caddyfile of a gate, with the portal.
func (f *front) configure(g *stage, s setup) {
	s.global += "\nportal " + loginOrigin
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
	var sites strings.Builder
	fmt.Fprintf(&sites, "reverse_proxy %s %s\nreverse_proxy %s\n", socketPath, f.app.address, g.upstream.address)
	for origin, lines := range map[string]string{
		wikiOrigin: "allow *@example.com", clubOrigin: "allow carl@example.com\nask owner@example.com",
	} {
		fmt.Fprintf(&sites, "}\n%s {\n%s\ndoorpost {\nurl %s\n%s\n}\nreverse_proxy %s %s\nreverse_proxy %s\n",
			plainAddress(origin, g), log, origin, lines, socketPath, f.app.address, g.upstream.address)
	}
	fmt.Fprintf(&sites, "}\n%s {\n%s\n%s", plainAddress(loginOrigin, g), log, atPortal)
	if s.site == "" {
		s.site = "allow *@example.com"
	}
	s.site = "url " + appOrigin + "\n" + s.site
	s.global += "\nadmins admin@example.com"
	s.address, s.origin, s.behind = plainAddress(appOrigin, g), appOrigin, s.behind+"\n"+sites.String()
	g.configure(s)
}

// plainAddress is the address of a site to which something else speaks TLS.
func plainAddress(origin string, g *stage) string {
	return strings.Replace(origin, "https:", "http:", 1) + ":" + g.port
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
	probe := g.behindTLS(loginOrigin)
	await(f.t, "the gate to answer", func() bool {
		if g.gate.HasEnded() {
			f.t.Fatalf("the gate did not start: %s", g.gate.Output())
		}
		a, err := probe.try(probe.navigate("/_doorpost/sign-in"))
		return err == nil && a.status == http.StatusOK
	})
}

// eachFront runs a test on a gate with the embedded store, and on two with Redis.
func eachFront(t *testing.T, s setup, test func(t *testing.T, f *front)) {
	t.Helper()
	t.Parallel()
	t.Run("bolt", func(t *testing.T) {
		t.Parallel()
		test(t, startFront(t, s))
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		test(t, startFronts(t, redistest.Single(t).URL(), s))
	})
}

package caddymodule

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// marker is a handler that notes which requests come to it, and may keep them.
type marker struct {
	name  string
	keeps bool
	came  map[*http.Request]bool
}

func (m *marker) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	m.came[r] = true
	if m.keeps {
		return nil
	}
	return next.ServeHTTP(w, r)
}

// routeMaker makes routes at random.
type routeMaker struct {
	t       *testing.T
	random  *rand.Rand
	ctx     caddy.Context
	named   []string // routes that may be invoked
	markers []*marker
}

func (m *routeMaker) one(of ...string) string { return of[m.random.IntN(len(of))] }

func (m *routeMaker) list(depth int) (routes caddyhttp.RouteList) {
	for range 1 + m.random.IntN(3) {
		routes = append(routes, m.route(depth))
	}
	return routes
}

func (m *routeMaker) route(depth int) caddyhttp.Route {
	route := caddyhttp.Route{Group: m.one("", "", "g", "h"), Terminal: m.random.IntN(4) == 0}
	for range m.random.IntN(3) {
		route.MatcherSets = append(route.MatcherSets, m.set(2))
	}
	for range 1 + m.random.IntN(2) {
		var handler caddyhttp.MiddlewareHandler
		switch kind := m.random.IntN(3 + depth); {
		case kind == 3 && len(m.named) > 0:
			handler = &caddyhttp.Invoke{Name: m.one(m.named...)}
		case kind > 3:
			handler = &caddyhttp.Subroute{Routes: m.list(depth - 1)}
		default:
			own := &marker{name: fmt.Sprint(len(m.markers)), keeps: m.random.IntN(3) == 0, came: make(map[*http.Request]bool)}
			m.markers = append(m.markers, own)
			handler = own
		}
		route.Handlers = append(route.Handlers, handler)
	}
	if err := route.ProvisionHandlers(m.ctx, nil); err != nil {
		m.t.Fatal(err)
	}
	return route
}

func (m *routeMaker) set(depth int) (set caddyhttp.MatcherSet) {
	for range m.random.IntN(3) {
		switch m.random.IntN(3 + depth) {
		case 0:
			set = append(set, &caddyhttp.MatchPath{m.one("/x/*", "/y", "*")})
		case 1:
			set = append(set, caddyhttp.MatchMethod{m.one("GET", "POST")})
		case 2, 3:
			set = append(set, &caddyhttp.MatchHost{m.one("login.example.com", "app.example.com", "*.example.com", "{host}")})
		case 4:
			set = append(set, &caddyhttp.MatchNot{MatcherSets: []caddyhttp.MatcherSet{m.set(0), m.set(0)}})
		}
	}
	return set
}

// What a walk says of requests, all that is known of them or only their host, is what Caddy
// does to them.
func TestAWalkLeadsRequestsAsCaddyDoes(t *testing.T) {
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	defer cancel()
	seen := make(map[fit]int)
	for seed := range uint64(500) {
		m := &routeMaker{t: t, random: rand.New(rand.NewPCG(seed, 1)), ctx: ctx}
		server := &caddyhttp.Server{NamedRoutes: make(map[string]*caddyhttp.Route)}
		for _, name := range []string{"a", "b", "c"} { // they invoke each other, and not in circles
			named := m.route(2)
			server.NamedRoutes[name], m.named = &named, append(m.named, name)
		}
		server.Routes = m.list(3)
		m.compare(server, seen)
		if t.Failed() {
			t.Fatalf("with the seed %d", seed)
		}
	}
	if seen[never] < 100 || seen[sometimes] < 100 || seen[always] < 100 {
		t.Errorf("the walks said too little: %v", seen)
	}
}

func (m *routeMaker) compare(server *caddyhttp.Server, seen map[fit]int) {
	for _, host := range []string{"login.example.com", "app.example.com"} {
		var sent []*http.Request
		for _, method := range []string{"GET", "POST"} {
			for _, path := range []string{"/x/1", "/y", "/"} {
				request := func() *http.Request {
					return caddyhttp.PrepareRequest(httptest.NewRequest(method, "https://"+host+path, nil), caddy.NewReplacer(), httptest.NewRecorder(), server)
				}
				sent = append(sent, request())
				m.expect(server, []*http.Request{request()}, seen, func(route caddyhttp.Route) fit {
					if matches, err := route.MatcherSets.AnyMatchWithError(request()); err == nil && matches {
						return always
					}
					return never
				})
			}
		}
		m.expect(server, sent, seen, func(route caddyhttp.Route) fit {
			return requests{hosts: []string{host}, anyPaths: []string{"*"}}.match(route.MatcherSets)
		})
	}
}

// expect walks, sends requests, and compares which of them come to what.
func (m *routeMaker) expect(server *caddyhttp.Server, sent []*http.Request, seen map[fit]int, fits func(caddyhttp.Route) fit) {
	past, reach := &marker{name: "what comes behind all routes", came: make(map[*http.Request]bool)}, make(map[*marker]fit)
	w := walk{server: server, fits: fits, meet: func(s step) fit {
		own, ok := s.handler.(*marker)
		if !ok {
			return never
		}
		reach[own] = max(reach[own], s.reach)
		if own.keeps {
			return always
		}
		return never
	}}
	reach[past] = w.follow(server.Routes, step{reach: always}).not()
	behind := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error { return past.ServeHTTP(w, r, nothing) })
	for _, r := range sent {
		if err := server.Routes.Compile(behind).ServeHTTP(httptest.NewRecorder(), r); err != nil {
			m.t.Fatal(err)
		}
	}
	for _, own := range append(m.markers, past) {
		came := 0
		for _, r := range sent {
			if own.came[r] {
				came++
			}
		}
		said := reach[own]
		seen[said]++
		if said == never && came > 0 || said == always && came < len(sent) || len(sent) == 1 && said == sometimes {
			m.t.Errorf("to %s come %d of %d requests to %s, and the walk says %s", own.name, came, len(sent), sent[0].Host, []string{"none", "some", "all"}[said])
		}
	}
}

// What is known of several hosts is what holds of each of them.
func TestMatchersOfSeveralHostsAreThoseOfEach(t *testing.T) {
	for hosts, want := range map[string]fit{
		"a.example.com": sometimes, "a.example.com b.example.com": always, "b.example.com *.example.com": always, "*.example.com": always, "c.example.com": never, "": never,
		"b.example.com c.example.org a.example.com": always, "c.example.com {vars.x}": sometimes,
	} {
		set := caddyhttp.MatcherSet{&caddyhttp.MatchHost{}}
		*set[0].(*caddyhttp.MatchHost) = strings.Fields(hosts)
		if got := (requests{hosts: []string{"a.example.com", "b.example.com"}}).match(caddyhttp.MatcherSets{set}); got != want {
			t.Errorf("%q is for %d of the requests to two hosts, want %d", hosts, got, want)
		}
	}
	site := requests{hosts: []string{"*.example.com"}, anyPaths: []string{"*"}}
	if got := site.match(caddyhttp.MatcherSets{{&caddyhttp.MatchHost{"a.example.com"}}}); got != sometimes {
		t.Errorf("one host of a wildcard is for %d of the requests", got)
	}
}

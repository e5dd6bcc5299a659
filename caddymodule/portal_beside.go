package caddymodule

import (
	"cmp"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"
	maphandler "github.com/caddyserver/caddy/v2/modules/caddyhttp/map"
)

// besidePortal looks for what serves more than a fixed answer to requests for the host of
// the portal.
type besidePortal struct {
	host string

	named     *step  // the first where the host stands by its name
	covered   *step  // the first where it is one among others
	unreached []step // fixed answers that stand behind the portal

	steps   []step
	mapped  []string // placeholders that map gives a meaning
	anyHost bool     // request_header gave requests another host
	ownSite bool     // a site of its own, by its name, has every request for the host
}

// look follows all requests through the routes of a server.
func (b *besidePortal) look(server *caddyhttp.Server) {
	w := walk{server: server, fits: b.fits, meet: b.meet}
	w.followAll()
	behind := false
	for _, s := range b.steps {
		_, isPortal := s.handler.(*Portal)
		_, isFixed := s.handler.(*caddyhttp.StaticResponse)
		_, isGate := s.handler.(*Handler)
		serves, byName := s.serves(b.mapped) != "", hasByName(s.on, b.host)
		behind = behind || isPortal
		switch {
		case !serves && isFixed && byName && behind && s.reach == never:
			b.unreached = append(b.unreached, s)
		case !serves, isGate && byName:
		case byName: // in a site of its own nothing may stand beside the portal, be it reached or not
			b.named = cmp.Or(b.named, &s)
		case s.reach != never && !(s.errors && b.ownSite): // in a site of its own the portal makes no errors
			b.covered = cmp.Or(b.covered, &s)
		}
	}
}

func (b *besidePortal) fits(route caddyhttp.Route) fit {
	if b.anyHost {
		return sometimes
	}
	return requests{hosts: []string{b.host}, anyPaths: []string{"*"}}.match(route.MatcherSets) // a rewritten path may begin with anything
}

func (b *besidePortal) meet(s step) (ended fit) {
	b.steps = append(b.steps, s)
	switch h := s.handler.(type) {
	case *Portal:
		ended = always
	case *headers.Handler:
		b.anyHost = b.anyHost || changesHost(h.Request)
	case *maphandler.Handler:
		b.mapped = append(b.mapped, h.Destinations...)
	}
	site := s.on[0]
	b.ownSite = b.ownSite || !s.errors && (site.Terminal || ended == always) && hasByName(s.on[:1], b.host) && b.fits(site) == always
	return ended
}

// words are a step as the operator wrote it: its name, and the matchers of routes that it stands in.
func (s step) words(name string, on []caddyhttp.Route) string {
	if s.directive() == "php_fastcgi" {
		on = on[:max(0, len(on)-1)] // which it brings along
	}
	var matchers []string
	for _, route := range on {
		_, others := coverage(route)
		slices.Sort(others) // Caddy makes them in no order
		for _, matcher := range others {
			if matcher == "path" {
				matcher += " " + strings.Join(pathsOf(route.MatcherSets), " ")
			}
			matchers = append(matchers, matcher)
		}
	}
	if gate, ok := s.handler.(*Handler); ok && gate.matcher.text != "" {
		matchers = append(matchers, gate.matcher.text)
	}
	if len(matchers) == 0 {
		return name
	}
	return name + " (" + strings.Join(matchers, ", ") + ")"
}

// words are those of a step, and its place.
func (b *besidePortal) words(s step) string {
	words := s.words(cmp.Or(s.serves(b.mapped), s.directive()), s.on)
	var place []string
	if s.errors {
		place = append(place, "handle_errors")
	}
	if hosts, _ := coverage(s.on[0]); !slices.Equal(hosts, []string{b.host}) {
		place = append(place, "the site "+cmp.Or(strings.Join(hosts, ", "), "without a host"))
	}
	if len(place) > 0 {
		words += " in " + strings.Join(place, " of ")
	}
	return words
}

// pathOf is the path for which a step is, or one as an example.
func (b *besidePortal) pathOf(s step) string {
	for _, route := range s.on {
		for _, pattern := range pathsOf(route.MatcherSets) {
			return pattern
		}
	}
	return "/robots.txt"
}

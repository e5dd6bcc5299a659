package caddymodule

import (
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// gatedRoute is a route of a server, and the first site whose directive stands in it;
// nil for none.
type gatedRoute struct {
	caddyhttp.Route
	site *site
}

// gatedRoutes are the routes of the server, with the sites that stand in them. Named
// routes that they invoke count.
func (e *edge) gatedRoutes() (list []gatedRoute) {
	for _, route := range e.routes {
		gated := gatedRoute{Route: route}
		everyStep(e.server, caddyhttp.RouteList{route}, func(s step) {
			if ours, ok := s.handler.(*Handler); ok && gated.site == nil {
				gated.site = ours.site
			}
		})
		list = append(list, gated)
	}
	return list
}

// siteBehind is the site that Caddy leads a request to whose Host names none: with
// another port than the site has, or at a site without a host. Caddy does not look at
// ports when it matches hosts.
func (e *edge) siteBehind(r *http.Request) *site {
	for _, route := range e.behind() {
		if !matchesHost(route.Route, r) {
			continue
		}
		if route.site != nil {
			return route.site
		}
		if matches, err := route.MatcherSets.AnyMatchWithError(r); err == nil && matches && route.Terminal {
			return nil
		}
	}
	return nil
}

// matchesHost reports whether a route may be for the host of a request, whatever else
// it wants.
func matchesHost(route caddyhttp.Route, r *http.Request) bool {
	for _, set := range route.MatcherSets {
		matches := true
		for _, matcher := range set {
			if hosts, isHost := hostsOf(matcher); isHost {
				matches = matches && caddyhttp.MatchHost(hosts).Match(r)
			}
		}
		if matches {
			return true
		}
	}
	return len(route.MatcherSets) == 0
}

package caddymodule

import (
	"iter"
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
		for handler := range e.handlers(caddyhttp.RouteList{route}, 0) {
			if ours, ok := handler.(*Handler); ok && gated.site == nil {
				gated.site = ours.site
			}
		}
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
			switch m := matcher.(type) {
			case *caddyhttp.MatchHost:
				matches = matches && m.Match(r)
			case caddyhttp.MatchHost:
				matches = matches && m.Match(r)
			}
		}
		if matches {
			return true
		}
	}
	return len(route.MatcherSets) == 0
}

// maxInvoked bounds how deep named routes invoke others: some invoke themselves.
const maxInvoked = 8

// handlers are those of routes, of their subroutes, and of named routes that they
// invoke.
func (e *edge) handlers(routes caddyhttp.RouteList, invoked int) iter.Seq[caddyhttp.MiddlewareHandler] {
	return func(yield func(caddyhttp.MiddlewareHandler) bool) {
		for _, route := range routes {
			for _, handler := range route.Handlers {
				if !yield(handler) {
					return
				}
				var inner caddyhttp.RouteList
				depth := invoked
				switch h := handler.(type) {
				case *caddyhttp.Subroute:
					inner = h.Routes
				case *frontEdge:
					inner = h.routes
				case *caddyhttp.Invoke:
					if invoked == maxInvoked {
						break
					}
					if named := e.server.NamedRoutes[h.Name]; named != nil {
						inner = caddyhttp.RouteList{*named}
						depth++
					}
				}
				for deeper := range e.handlers(inner, depth) {
					if !yield(deeper) {
						return
					}
				}
			}
		}
	}
}

// subroutes are those in routes, at any depth.
func subroutes(routes caddyhttp.RouteList) iter.Seq[*caddyhttp.Subroute] {
	return func(yield func(*caddyhttp.Subroute) bool) {
		for handler := range new(edge).handlers(routes, maxInvoked) {
			if subroute, ok := handler.(*caddyhttp.Subroute); ok && !yield(subroute) {
				return
			}
		}
	}
}

package caddymodule

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// content are the handlers that answer a request by themselves, as directives.
var content = map[caddy.ModuleID]string{
	"http.handlers.static_response": "respond, redir or abort", "http.handlers.reverse_proxy": "reverse_proxy", "http.handlers.file_server": "file_server",
	"http.handlers.metrics": "metrics", "http.handlers.acme_server": "acme_server",
}

// checkOrder refuses routes in which something answers every request of a site before
// the gate is reached, as a mistaken order or route makes it.
func (e *edge) checkOrder() error {
	for hosts, routes := range e.listsOfSites() {
		if name, gate := e.firstContent(routes, hosts, 0); name != "" && gate != nil {
			return gate.Lines.atLine(fmt.Errorf("site %s: %s answers every request before doorpost is reached, so nothing is protected; leave the order of directives as it is (doorpost comes before everything that answers), or in a route put doorpost first", cmp.Or(strings.Join(gate.site.hosts, ", "), "without a host"), name))
		}
	}
	return nil
}

// listsOfSites are the routes of each site, with the hosts of the site, none for all.
// In a Caddyfile a site is a route with one subroute; the routes of a lone one without a host
// are those of the server.
func (e *edge) listsOfSites() func(yield func(hosts []string, routes caddyhttp.RouteList) bool) {
	return func(yield func([]string, caddyhttp.RouteList) bool) {
		if !yield(nil, e.routes) {
			return
		}
		for _, route := range e.routes {
			hosts, _ := coverage(route)
			for _, handler := range route.Handlers {
				if subroute, ok := handler.(*caddyhttp.Subroute); ok && !yield(hosts, configured(subroute.Routes)) {
					return
				}
			}
		}
	}
}

// firstContent is the directive that answers every request that gets to some routes of
// a site, if that comes before a handler of ours; gate is that handler, nil if there is
// none.
func (e *edge) firstContent(routes caddyhttp.RouteList, hosts []string, invoked int) (before string, gate *Handler) {
	for _, route := range routes {
		for _, handler := range route.Handlers {
			var name string
			var ours *Handler
			switch h := handler.(type) {
			case *Handler:
				return before, h
			case *caddyhttp.Subroute:
				name, ours = e.firstContent(configured(h.Routes), hosts, invoked)
			case *caddyhttp.Invoke:
				if named := e.server.NamedRoutes[h.Name]; named != nil && invoked < maxInvoked {
					name, ours = e.firstContent(caddyhttp.RouteList{*named}, hosts, invoked+1)
					name = cmp.Or(name, e.rawContent(named.HandlersRaw, invoked+1))
				}
			case *reverseproxy.Handler:
				if len(h.HandleResponse) == 0 { // as forward_auth has, which goes on
					name = "reverse_proxy"
				}
			case caddy.Module:
				name = content[h.CaddyModule().ID]
			}
			if ours != nil {
				return cmp.Or(before, name), ours
			}
			if before == "" && matchesAll(route, hosts) {
				before = name
			}
		}
	}
	return before, nil
}

// rawContent is the directive of the first handler of a named route that answers by
// itself, if the route was not made yet: Caddy makes them in no order.
func (e *edge) rawContent(handlers []json.RawMessage, invoked int) string {
	for _, raw := range handlers {
		var handler struct {
			Handler, Name string
			Routes        []struct{ Match, Handle []json.RawMessage }
			GoesOn        []json.RawMessage `json:"handle_response"` // as that of forward_auth does
		}
		if err := json.Unmarshal(raw, &handler); err != nil {
			continue // Caddy says what is wrong when it makes the handler
		}
		name := content[caddy.ModuleID("http.handlers."+handler.Handler)]
		if len(handler.GoesOn) > 0 {
			name = ""
		}
		for _, route := range handler.Routes { // of a subroute
			if name == "" && len(route.Match) == 0 {
				name = e.rawContent(route.Handle, invoked)
			}
		}
		if named := e.server.NamedRoutes[handler.Name]; handler.Handler == "invoke" && named != nil && invoked < maxInvoked {
			name, _ = e.firstContent(caddyhttp.RouteList{*named}, nil, invoked+1)
			name = cmp.Or(name, e.rawContent(named.HandlersRaw, invoked+1))
		}
		if name != "" {
			return name
		}
	}
	return ""
}

// configured are routes as they stand in the configuration, without the edge.
func configured(routes caddyhttp.RouteList) caddyhttp.RouteList {
	if len(routes) == 1 && len(routes[0].Handlers) == 1 {
		if front, ok := routes[0].Handlers[0].(*frontEdge); ok {
			return front.routes
		}
	}
	return routes
}

// matchesAll reports whether a route is for every request of a site with some hosts.
func matchesAll(route caddyhttp.Route, hosts []string) bool {
	return len(route.MatcherSets) == 0 || slices.ContainsFunc(route.MatcherSets, func(set caddyhttp.MatcherSet) bool {
		return !slices.ContainsFunc(set, func(matcher any) bool { return !isForAll(matcher, hosts) })
	})
}

// isForAll reports whether a matcher takes every request of a site.
func isForAll(matcher any, hosts []string) bool {
	switch m := matcher.(type) {
	case *caddyhttp.MatchHost:
		return isForAll(*m, hosts)
	case caddyhttp.MatchHost:
		return len(hosts) > 0 && !slices.ContainsFunc(hosts, func(host string) bool { return !slices.Contains(m, host) })
	case *caddyhttp.MatchPath:
		return isForAll(*m, hosts)
	case caddyhttp.MatchPath:
		return slices.Contains(m, "*") || slices.Contains(m, "/*")
	}
	return false
}

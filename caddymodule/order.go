package caddymodule

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// content are the handlers that answer a request by themselves.
var content = []string{
	"http.handlers.static_response", "http.handlers.reverse_proxy", "http.handlers.file_server", "http.handlers.metrics", "http.handlers.acme_server",
}

// checkOrder refuses routes in which something answers every request before the gate
// is reached, as a mistaken order or route makes it.
func checkOrder(routes caddyhttp.RouteList) error {
	if name, gated := firstContent(routes); name != "" && gated {
		return fmt.Errorf("doorpost: %s answers every request before doorpost is reached, so nothing is protected; leave the order of directives as it is (doorpost comes before everything that answers), or in a route put doorpost first", name)
	}
	return nil
}

// firstContent is the directive that answers every request that gets to some routes,
// if that comes before a handler of ours; gated reports whether there is one of ours
// at all.
func firstContent(routes caddyhttp.RouteList) (before string, gated bool) {
	for _, route := range routes {
		for _, handler := range route.Handlers {
			if _, ours := handler.(*Handler); ours {
				return before, true
			}
			name, ours := "", false
			if subroute, ok := handler.(*caddyhttp.Subroute); ok {
				name, ours = firstContent(subroute.Routes)
			} else if module, ok := handler.(caddy.Module); ok && slices.Contains(content, string(module.CaddyModule().ID)) {
				name = module.CaddyModule().ID.Name()
			}
			if ours {
				return cmp.Or(before, name), true
			}
			if before == "" && len(route.MatcherSets) == 0 {
				before = name
			}
		}
	}
	return before, false
}

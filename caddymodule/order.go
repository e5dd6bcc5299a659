package caddymodule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// checkOrder refuses routes in which something answers every request of a site before
// the gate is reached, as a mistaken order or route makes it.
func (e *edge) checkOrder() error {
	for hosts, routes := range e.listsOfSites() {
		var before string
		var gate, early *step
		site := requests{hosts: hosts, anyPaths: []string{"*", "/*"}}
		w := walk{server: e.server, fits: func(route caddyhttp.Route) fit { return max(sometimes, site.match(route.MatcherSets)) }, meet: func(s step) fit {
			_, ours := s.handler.(*Handler)
			switch {
			case gate != nil:
			case ours:
				gate = &s
			case s.answers():
				if s.reach != never {
					before = s.directive()
				}
				if early == nil && s.isByOrder() {
					early = &s
				}
				return always
			}
			return never
		}}
		w.follow(routes, step{reach: always})
		if early != nil && gate != nil && gate.reach != never {
			h := gate.handler.(*Handler)
			e.app.advise([]adminapi.Finding{h.Lines.warning(directive, "site "+h.site.name(),
				strings.Join(append([]string{early.directive()}, pathsOf(early.on[0].MatcherSets)...), " ")+" answers before doorpost is reached, by the order of directives, and is open to anyone",
				"leave the order of directives as it is, and name what is meant to be open with public")})
		}
		if before != "" && gate != nil && gate.reach == never {
			h := gate.handler.(*Handler)
			return h.Lines.atLine(fmt.Errorf("site %s: %s answers every request before doorpost is reached, so nothing is protected; leave the order of directives as it is (doorpost comes before everything that answers), or in a route put doorpost first", cmp.Or(strings.Join(h.site.hosts, ", "), "without a host"), before))
		}
	}
	return nil
}

// isByOrder reports whether an answer that comes before the gate does so by another order of
// directives than Caddy's: it stands in the site itself, and nobody wrote route around both.
func (s step) isByOrder() bool {
	hosts, _ := coverage(s.on[0])
	return s.reach != never && len(s.on) == 1 && len(hosts) == 0 && !slices.Contains([]string{"redir", "abort"}, s.directive())
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

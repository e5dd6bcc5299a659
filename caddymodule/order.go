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
				if early == nil && s.isEarly() {
					early = &s
				}
				return always
			}
			return never
		}}
		w.follow(routes, step{reach: always})
		if early != nil && gate != nil && gate.reach != never && (len(early.on) == 1 || len(gate.on) == 1) { // nobody wrote route around both
			h := gate.handler.(*Handler)
			e.app.advise([]adminapi.Finding{h.Lines.warning(directive, "site "+h.site.name(), early.words()+" answers before doorpost is reached, by the order of directives, and is open to anyone",
				"leave the order of directives as it is, and name what is meant to be open with public")})
		}
		if before != "" && gate != nil && gate.reach == never {
			h := gate.handler.(*Handler)
			return h.Lines.atLine(fmt.Errorf("site %s: %s answers every request before doorpost is reached, so nothing is protected; leave the order of directives as it is (doorpost comes before everything that answers), or in a route put doorpost first", cmp.Or(strings.Join(h.site.hosts, ", "), h.site.name()), before))
		}
	}
	return nil
}

// isEarly reports whether something that answers before the gate does so by another order of
// directives than Caddy's, if the gate or the answer stands in the site itself.
func (s step) isEarly() bool {
	hosts, _ := coverage(s.on[0])
	return s.reach != never && len(hosts) == 0 && !slices.Contains([]string{"redir", "abort"}, s.directive())
}

// words are the directive that answers, and its paths. php_fastcgi answers for more than the
// *.php that stand in its routes.
func (s step) words() string {
	words := []string{s.directive()}
	if words[0] != "php_fastcgi" {
		for _, route := range s.on {
			words = append(words, pathsOf(route.MatcherSets)...)
		}
	}
	return strings.Join(words, " ")
}

// checkReached refuses a site none of whose blocks any request comes to: by a handle or a
// site that takes all of them, for one.
func (e *edge) checkReached() error {
	for _, s := range e.sites {
		if len(s.handlers) == 0 { // that of the portal
			continue
		}
		some, reached := requests{hosts: s.hosts, anyPaths: []string{"*", "/*"}}, false
		if len(some.hosts) == 0 {
			some.hosts = s.originHosts()
		}
		e.walkTo(some, func(at step) fit {
			h, ours := at.handler.(*Handler)
			reached = reached || ours && h.site == s && at.reach != never
			return at.ends()
		})
		if !reached {
			h := s.handlers[0]
			return h.Lines.atLine(fmt.Errorf("site %s: doorpost is never reached, so nothing is protected: something before it takes or answers every request, such as a handle or a site for all paths, or an order of directives; put doorpost first", s.name()))
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

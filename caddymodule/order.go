package caddymodule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// checkReached refuses a site none of whose blocks any request comes to: something before them
// answers every request, as a mistaken order or route makes it, or a handle or a site takes all of
// them. What answers some of them by another order of directives is warned of.
func (e *edge) checkReached() error {
	for _, s := range e.sites {
		if len(s.handlers) == 0 { // that of the portal
			continue
		}
		var before string
		var gate, early *step
		reached, site := false, requests{hosts: s.hosts, anyPaths: []string{"*", "/*"}}
		if len(site.hosts) == 0 {
			site.hosts = s.originHosts()
		}
		e.walkTo(site, func(at step) fit {
			h, ours := at.handler.(*Handler)
			ours = ours && h.site == s
			reached = reached || ours && at.reach != never
			switch {
			case gate != nil, at.later:
			case ours:
				gate = &at
			case at.answers() && at.reach != never:
				before = at.directive()
				if early == nil && at.isEarly() {
					early = &at
				}
			}
			return at.ends()
		})
		switch h := s.handlers[0]; {
		case gate != nil && gate.reach == never && before != "":
			return h.Lines.atLine(fmt.Errorf("site %s: %s answers every request before doorpost is reached, so nothing is protected; leave the order of directives as it is (doorpost comes before everything that answers), or in a route put doorpost first", cmp.Or(strings.Join(s.hosts, ", "), s.name()), before))
		case !reached:
			return h.Lines.atLine(fmt.Errorf("site %s: doorpost is never reached, so nothing is protected: something before it takes or answers every request, such as a handle or a site for all paths, or an order of directives; put doorpost first", s.name()))
		case early != nil && gate != nil && gate.reach != never && min(len(early.inSite()), len(gate.inSite())) <= 1: // nobody wrote route around both
			e.app.advise([]adminapi.Finding{gate.handler.(*Handler).Lines.warning(directive, "site "+s.name(), early.words(early.directive(), early.inSite())+" answers before doorpost is reached, by the order of directives, and is open to anyone",
				"leave the order of directives as it is, and name what is meant to be open with public")})
		}
	}
	return nil
}

// inSite are those of the routes a step stands in that its site has.
func (s step) inSite() []caddyhttp.Route {
	if s.on[0].Terminal {
		return s.on[1:]
	}
	return s.on
}

// isEarly reports whether something that answers before the gate does so by another order of
// directives than Caddy's, if the gate or the answer stands in the site itself.
func (s step) isEarly() bool {
	var hosts []string
	if inside := s.inSite(); len(inside) > 0 {
		hosts, _ = coverage(inside[0])
	}
	return len(hosts) == 0 && !slices.Contains([]string{"redir", "abort"}, s.directive())
}

package caddymodule

import (
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// split is by what routes keep some requests of a site from a handler: they lead only some
// to it, or others elsewhere before. A request that can be read in two ways in that must be
// let in by all blocks of the site, whichever route it takes.
type split struct{ byPath, byMethod, byQuery bool }

func (s split) or(other split) split {
	return split{s.byPath || other.byPath, s.byMethod || other.byMethod, s.byQuery || other.byQuery}
}

// noteSplits tells the handlers of ours in some routes what may keep a request from them, and
// returns what routes look at. before is of the routes that lead there or come before.
func (e *edge) noteSplits(routes caddyhttp.RouteList, before split) (all split) {
	within := make([]split, len(routes))
	for i, route := range routes {
		hosts, _ := coverage(route)
		to := before.or(splitOf(route.MatcherSets))
		for j, elder := range routes[:i] {
			if at, _ := coverage(elder); mayMeet(at, hosts) {
				to = to.or(within[j])
			}
		}
		within[i] = splitOf(route.MatcherSets)
		for _, handler := range route.Handlers {
			here := to.or(within[i])
			switch h := handler.(type) {
			case *Handler:
				h.split = h.split.or(here)
			case *caddyhttp.Subroute:
				within[i] = within[i].or(e.noteSplits(configured(h.Routes), here))
			case *caddyhttp.Invoke: // whatever it leads to
				within[i] = split{byPath: true, byMethod: true}
			}
		}
		all = all.or(within[i])
	}
	return all
}

// mayMeet reports whether some host may be of both lists; an empty one is for all hosts.
func mayMeet(some, others []string) bool {
	has := func(list []string) bool {
		return len(list) == 0 || slices.ContainsFunc(list, func(host string) bool { return strings.ContainsAny(host, "*{") })
	}
	return has(some) || has(others) || slices.ContainsFunc(some, func(host string) bool { return slices.Contains(others, host) })
}

// splitOf is what matchers look at. Those that are not known here may look at all.
func splitOf(sets caddyhttp.MatcherSets) (s split) {
	for _, set := range sets {
		for _, matcher := range set {
			switch m := matcher.(type) {
			case caddyhttp.MatchHost, *caddyhttp.MatchHost, caddyhttp.MatchHeader, *caddyhttp.MatchHeader, caddyhttp.MatchHeaderRE, *caddyhttp.MatchHeaderRE,
				caddyhttp.MatchProtocol, *caddyhttp.MatchProtocol, caddyhttp.MatchTLS, *caddyhttp.MatchTLS,
				caddyhttp.MatchRemoteIP, *caddyhttp.MatchRemoteIP, caddyhttp.MatchClientIP, *caddyhttp.MatchClientIP:
			case caddyhttp.MatchPath:
				s.byPath = s.byPath || !slices.Contains(m, "*")
			case *caddyhttp.MatchPath:
				s.byPath = s.byPath || !slices.Contains(*m, "*")
			case caddyhttp.MatchPathRE, *caddyhttp.MatchPathRE:
				s.byPath = true
			case caddyhttp.MatchMethod, *caddyhttp.MatchMethod:
				s.byMethod = true
			case caddyhttp.MatchQuery, *caddyhttp.MatchQuery:
				s.byQuery = true
			case caddyhttp.MatchNot:
				s = s.or(splitOf(m.MatcherSets))
			case *caddyhttp.MatchNot:
				s = s.or(splitOf(m.MatcherSets))
			case *caddyhttp.MatchExpression:
				s = s.or(split{true, true, strings.Contains(m.Expr, "query")})
			default:
				s = s.or(split{byPath: true, byMethod: true})
			}
		}
	}
	return s
}

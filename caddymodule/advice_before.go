package caddymodule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// noteCuts tells each block what a handle_path around it cuts off each path, unless its own
// patterns say that they are of paths as visitors ask for them.
func (e *edge) noteCuts() {
	var cuts []step
	met := make(map[*Handler]bool)
	everyStep(e.server, e.routes, func(at step) {
		if to, _ := at.rewrite(); to.StripPathPrefix != "" && at.isBelow("/"+strings.Trim(to.StripPathPrefix, "/")) {
			cuts = append(cuts, at)
		}
		h, ours := at.handler.(*Handler)
		if !ours {
			return
		}
		cut := prefixAt(at, cuts)
		whole := slices.ContainsFunc(pathsOf(h.matchers), func(pattern string) bool { return strings.HasPrefix(pattern, cut) })
		if whole || met[h] && h.block.Cut != cut { // a named route has several before it
			cut = ""
		}
		h.block.Cut, met[h] = cut, true
	})
}

// isBelow reports whether a step stands in a route for paths that begin with a prefix.
func (s step) isBelow(prefix string) bool {
	return slices.ContainsFunc(s.on, func(route caddyhttp.Route) bool {
		return slices.ContainsFunc(pathsOf(route.MatcherSets), func(pattern string) bool { return strings.HasPrefix(pattern, prefix) })
	})
}

// adviseOnBefore says which handles with a gate are passed by, since something before them
// makes another path of theirs. A matcher of the block itself sees both.
func (e *edge) adviseOnBefore() (found []adminapi.Finding) {
	for _, s := range e.gatedSites() {
		var before []step
		e.walkTo(requests{hosts: s.originHosts()}, func(at step) fit {
			h, ours := at.handler.(*Handler)
			if ours && h.site == s && at.reach != never {
				if by, pattern := at.missedBy(before); by != "" {
					finding := h.Lines.warning(directive, "site "+s.name(),
						fmt.Sprintf("doorpost stands in a handle for %s, and %s before that makes another path of it, which is open to anyone", pattern, by),
						fmt.Sprintf("put %s behind doorpost, into the handles, or write doorpost %s { … } in the site itself", by, pattern))
					if !slices.Contains(found, finding) {
						found = append(found, finding)
					}
				}
			}
			if _, rewrites := at.rewrite(); rewrites && !at.later {
				before = append(before, at)
			}
			return never
		})
	}
	return found
}

// missedBy is what makes another path of the one of a route that a step stands in, of those
// before that route, and the path; "" for nothing.
func (s step) missedBy(before []step) (by, pattern string) {
	for _, b := range before {
		if !s.isBeside(b) {
			continue
		}
		for _, route := range s.on[len(b.on)-1:] {
			for _, pattern := range pathsOf(route.MatcherSets) {
				if b.movesAway(pattern) {
					return b.rewriter(), pattern
				}
			}
		}
	}
	return "", ""
}

// movesAway reports whether a rewrite makes a path of one that a pattern stands for which the
// pattern does not stand for.
func (s step) movesAway(pattern string) bool {
	to, _ := s.rewrite()
	prefix, _, _ := strings.Cut(to.URI, "{")
	some := requests{paths: []string{pattern}}
	switch {
	case some.match(s.on[len(s.on)-1].MatcherSets) == never:
		return false
	case to.StripPathPrefix != "":
		return strings.HasPrefix(pattern, "/"+strings.Trim(to.StripPathPrefix, "/"))
	case s.movesAll(to): // whose pattern may be of what it makes
		return !strings.HasPrefix(pattern, prefix)
	}
	return slices.ContainsFunc(s.targets(to, pattern), func(target string) bool {
		return !strings.HasPrefix(target, strings.TrimSuffix(pattern, "*"))
	})
}

// rewriter is what a step that rewrites is called in a Caddyfile.
func (s step) rewriter() string {
	to, _ := s.rewrite()
	switch {
	case strings.HasPrefix(to.URI, foundFile):
		return "try_files"
	case to.URI == "":
		return "uri"
	}
	return "rewrite"
}

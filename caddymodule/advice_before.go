package caddymodule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// noteCuts tells each block what may be cut off the path that a visitor asks for before it.
// Where a handle_path around it does, nothing else counts, unless the block's own patterns say
// that they are of whole paths; elsewhere the whole path does, too.
func (e *edge) noteCuts() {
	var cuts []step
	everyStep(e.server, e.routes, func(at step) {
		if to, _ := at.rewrite(); to.StripPathPrefix != "" {
			cuts = append(cuts, at)
		}
		if h, ours := at.handler.(*Handler); ours {
			before := slices.DeleteFunc(slices.Clone(cuts), func(cut step) bool { return !at.isBeside(cut) })
			cut := prefixAt(at, before)
			inHandlePath := cut != "" && !slices.ContainsFunc(before, func(cut step) bool { return !cut.isHandlePath() })
			if !inHandlePath || slices.ContainsFunc(pathsOf(h.matchers), func(pattern string) bool { return isBelow(pattern, cut) }) {
				h.block.Cuts = append(h.block.Cuts, "")
			}
			h.block.Cuts = append(h.block.Cuts, cut)
		}
	})
	for _, s := range e.sites {
		for _, h := range s.handlers {
			if h.block.Cuts == nil { // it stands in routes after errors
				h.block.Cuts = []string{""}
			}
		}
	}
}

// isHandlePath reports whether what a step cuts off begins all paths that come to it.
func (s step) isHandlePath() bool {
	to, _ := s.rewrite()
	return slices.ContainsFunc(s.on, func(route caddyhttp.Route) bool {
		patterns := pathsOf(route.MatcherSets)
		return len(patterns) > 0 && !slices.ContainsFunc(patterns, func(pattern string) bool { return !isBelow(pattern, "/"+strings.Trim(to.StripPathPrefix, "/")) })
	})
}

// isBelow reports whether a pattern is of paths below a folder, or of the folder.
func isBelow(pattern, folder string) bool {
	return len(pattern) >= len(folder) && strings.EqualFold(pattern[:len(folder)], folder) && (len(pattern) == len(folder) || strings.ContainsRune("/*", rune(pattern[len(folder)])))
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

package caddymodule

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// adviseOnBefore says which handles with a gate are passed by, since something before them
// makes another path of theirs, which an app answers. A matcher of the block sees both.
func (e *edge) adviseOnBefore(ctx context.Context, s *site, _ []string) (found []adminapi.Finding) {
	var before []step
	e.walkTo(requests{hosts: s.originHosts()}, func(at step) fit {
		h, ours := at.handler.(*Handler)
		if ours && h.site == s && at.reach != never {
			if by, pattern := e.missedBy(ctx, at, before); by != "" {
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
	return found
}

// missedBy is what makes another path of the one of a route that a block stands in, of what
// comes before that route, and the pattern of the route; "" for nothing.
func (e *edge) missedBy(ctx context.Context, at step, before []step) (by, pattern string) {
	for i, b := range before {
		if !at.isBeside(b) {
			continue
		}
		for _, route := range at.on[len(b.on)-1:] {
			for _, pattern := range pathsOf(route.MatcherSets) {
				if e.opensBefore(ctx, at.handler.(*Handler).site, b, prefixAt(b, before[:i]), pattern) {
					return b.rewriter(), pattern
				}
			}
		}
	}
	return "", ""
}

// opensBefore reports whether a rewrite makes a path of one for which a pattern stands that the
// pattern does not stand for, and that is open. prefix is what was cut off before.
func (e *edge) opensBefore(ctx context.Context, s *site, b step, prefix, pattern string) bool {
	to, _ := b.rewrite()
	path, route := examplePath(pattern), b.on[len(b.on)-1]
	if strings.HasPrefix(to.URI, foundFile) { // files are not looked for: others may be there tomorrow
		some := requests{paths: []string{pattern}}
		return some.match(route.MatcherSets) != never && slices.ContainsFunc(b.targets(to, pattern), func(target string) bool {
			return !strings.HasPrefix(target, strings.TrimSuffix(pattern, "*")) && e.courseOf(ctx, s, http.MethodGet, prefix+examplePath(target)).isOpen()
		})
	}
	r, err := s.example(ctx, http.MethodGet, s.name()+path)
	if err != nil {
		return false
	}
	if matches, err := route.MatcherSets.AnyMatchWithError(r); err != nil || !matches {
		return false
	}
	to.Rewrite(r, r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer))
	added, _, _ := strings.Cut(to.URI, "{")
	ofWhatItMakes := b.movesAll(to) && strings.HasPrefix(pattern, added)
	return r.URL.Path != path && !ofWhatItMakes && pathIn([]string{pattern}, r.URL.Path) == never && e.courseOf(ctx, s, http.MethodGet, prefix+path).isOpen()
}

// isOpen reports whether somebody who is not signed in gets more than a fixed answer.
func (c course) isOpen() bool {
	return c.gate == nil && !c.public && !c.asked && c.answer.handler != nil && !c.answer.isFixed()
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

package caddymodule

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// adviseOnBeside says where a route without a gate cuts something off the path, or changes it,
// and so leads to what a gate beside it protects.
func (e *edge) adviseOnBeside(ctx context.Context) (found []adminapi.Finding) {
	for _, s := range e.gatedSites() {
		prefixes := e.prefixes(s)
		if len(prefixes) == 0 {
			continue
		}
		var told []*Handler
		for _, pattern := range append(e.paths(s), "/x") {
			path := examplePath(pattern)
			closed := e.courseOf(ctx, s, http.MethodGet, path)
			if closed.gate == nil || slices.Contains(told, closed.gate) {
				continue
			}
			if other := e.wayPast(ctx, s, closed, prefixes); other != "" {
				told = append(told, closed.gate)
				found = append(found, closed.gate.Lines.warning(directive, "site "+s.name(),
					fmt.Sprintf("doorpost protects %s and not %s, which comes to the same app as the same path (by handle_path, uri or rewrite), and which is open to anyone", path, other),
					"put doorpost there, too, or serve there what is not protected elsewhere"))
			}
		}
	}
	return found
}

// wayPast is a path by which what answers a request behind the gate gets the same one without
// any block on the way, "" for none.
func (e *edge) wayPast(ctx context.Context, s *site, closed course, prefixes []string) string {
	for _, prefix := range prefixes {
		other := prefix + closed.uri
		open := e.courseOf(ctx, s, http.MethodGet, other)
		if open.opens(closed) && open.uri == closed.uri && !slices.ContainsFunc(open.before, isGate) {
			return other
		}
	}
	return ""
}

func isGate(s step) bool {
	_, ours := s.handler.(*Handler)
	return ours
}

// prefixes are what stands before the paths that the routes of a site change: that by which they
// are found, what is cut off, and nothing, where a gate cuts it off. None: no route changes any.
func (e *edge) prefixes(s *site) (all []string) {
	e.walkTo(requests{hosts: s.originHosts()}, func(at step) fit {
		to, rewrites := at.rewrite()
		if at.reach == never || at.later || !rewrites {
			return never
		}
		some := []string{"", strings.TrimSuffix("/"+strings.Trim(to.StripPathPrefix, "/"), "/")}
		for _, route := range at.on {
			some = append(some, each(pathsOf(route.MatcherSets), func(pattern string) string { return strings.TrimRight(pattern, "/*") })...)
		}
		for _, prefix := range some {
			if !slices.Contains(all, prefix) && !strings.ContainsAny(prefix, "*{") {
				all = append(all, prefix)
			}
		}
		return never
	})
	return all
}

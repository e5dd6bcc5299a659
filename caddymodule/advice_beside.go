package caddymodule

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/rewrite"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// adviseOnBeside says where a route without a gate cuts something off the path, or changes it,
// and so leads to what a gate beside it protects.
func (e *edge) adviseOnBeside(ctx context.Context, s *site, paths []string) (found []adminapi.Finding) {
	prefixes := e.prefixes(s)
	if len(prefixes) == 0 {
		return nil
	}
	ways := each(prefixes, func(prefix string) way { return e.wayBy(s, prefix) })
	var told []*Handler
	for _, pattern := range append(paths, "/x") {
		path := examplePath(pattern)
		closed := e.courseOf(ctx, s, http.MethodGet, path)
		if closed.gate == nil || slices.Contains(told, closed.gate) {
			continue
		}
		if other := e.wayPast(ctx, s, closed, ways); other != "" {
			told = append(told, closed.gate)
			found = append(found, closed.gate.Lines.warning(directive, "site "+s.name(),
				fmt.Sprintf("doorpost protects %s and not %s, which comes to the same app as the same path (by handle_path, uri or rewrite), and which is open to anyone", path, other),
				"put doorpost there, too, or serve there what is not protected elsewhere"))
		}
	}
	return found
}

// wayPast is a path by which what answers a request behind the gate gets the same one without
// any block on the way, "" for none.
func (e *edge) wayPast(ctx context.Context, s *site, closed course, ways []way) string {
	for _, w := range ways {
		if !w.mayLeadTo(closed) {
			continue
		}
		other := w.prefix + closed.uri
		open := e.courseOf(ctx, s, http.MethodGet, other)
		if open.opens(closed) && open.uri == closed.uri && !slices.ContainsFunc(open.before, isGate) {
			return other
		}
	}
	return ""
}

// way is what may become of requests whose path begins with a prefix. It is found once, since
// each protected path is tried behind each prefix where it may lead there.
type way struct {
	prefix   string
	rewrites []rewrite.Rewrite // on it
	sources  []contentSource   // of what answers it without a gate for all requests before
}

func (e *edge) wayBy(s *site, prefix string) way {
	w, some := way{prefix: prefix}, requests{hosts: s.originHosts(), paths: []string{prefix + "/*"}}
	var before []step
	routes := walk{server: e.server, short: true, fits: func(route caddyhttp.Route) fit { return some.match(route.MatcherSets) }, meet: func(at step) fit {
		if at.reach == never { // what stands before it in its route answered
			return never
		}
		if r, rewrites := at.rewrite(); rewrites {
			w.rewrites, some.paths = append(w.rewrites, r), nil // nobody knows which it has then
		}
		if !slices.Contains(passing, at.directive()) {
			w.sources = append(w.sources, at.sources(before)...)
		}
		before = append(before, at)
		h, ours := at.handler.(*Handler)
		if ours && len(h.matchers) == 0 && len(h.Public) == 0 {
			return always
		}
		return at.ends()
	}}
	routes.follow(s.routes, step{reach: always})
	return w
}

// mayLeadTo reports whether requests on the way may come to what answers another, as the same
// path.
func (w way) mayLeadTo(closed course) bool {
	return haveCommon(closed.sources, w.sources) &&
		(w.prefix == "" || slices.ContainsFunc(w.rewrites, func(r rewrite.Rewrite) bool { return mayMake(r, closed.uri) }))
}

// mayMake reports whether a rewrite may make a URI of another, by what the path begins with.
func mayMake(r rewrite.Rewrite, uri string) bool {
	path, _, _ := strings.Cut(r.URI, "?")
	begin, _, goesOn := strings.Cut(path, "{")
	if !strings.HasPrefix(begin, "/") || strings.Contains(begin, "%") {
		return true
	}
	made, _, _ := strings.Cut(uri, "?")
	return made == begin || goesOn && strings.HasPrefix(made, begin)
}

func isGate(s step) bool {
	_, ours := s.handler.(*Handler)
	return ours
}

// prefixes are what stands before the paths that the routes of a site change: that by which they
// are found, what is cut off, and nothing, where a gate cuts it off. None: no route changes any.
func (e *edge) prefixes(s *site) (all []string) {
	seen := make(map[string]bool)
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
			if !seen[prefix] && !strings.ContainsAny(prefix, "*{") {
				seen[prefix], all = true, append(all, prefix)
			}
		}
		return never
	})
	return all
}

package caddymodule

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// adviseOnMethods says where a POST needs no session and what it may stand for does,
// whether a matcher of the block or a handle around it tells them apart.
func (e *edge) adviseOnMethods(ctx context.Context) (found []adminapi.Finding) {
	paths := append(e.paths(), "/")
	for _, s := range e.sites {
		if h := e.leavesPost(ctx, s, paths); h != nil {
			found = append(found, h.Lines.warning(directive, "site "+s.name(), "doorpost protects PUT, PATCH or DELETE and leaves POST open, for which many apps take a POST with a field _method",
				"name the methods that are open, for example @changes not method GET HEAD OPTIONS, and doorpost @changes { … }"))
		}
	}
	return found
}

// leavesPost is a block of a site that PUT, PATCH or DELETE meets at one of some paths, and
// POST does not; nil for none.
func (e *edge) leavesPost(ctx context.Context, s *site, paths []string) *Handler {
	if len(s.handlers) == 0 { // that of the portal
		return nil
	}
	for _, path := range paths {
		path = strings.ReplaceAll(path, "*", "x")
		gateOf := func(method string) *Handler {
			r, err := s.example(ctx, method, path)
			if err != nil {
				return nil
			}
			return e.gateOf(r)
		}
		for _, method := range []string{http.MethodPut, http.MethodPatch, http.MethodDelete} {
			if h := gateOf(method); h != nil && h.site == s && gateOf(http.MethodPost) == nil {
				return h
			}
		}
	}
	return nil
}

// gateOf is the first block that needs a session for a request, nil for none.
func (e *edge) gateOf(r *http.Request) (gate *Handler) {
	w := walk{server: e.server, fits: func(route caddyhttp.Route) fit {
		if matches, err := route.MatcherSets.AnyMatchWithError(r); gate != nil || err != nil || !matches {
			return never
		}
		return always
	}, meet: func(s step) fit {
		if h, ok := s.handler.(*Handler); ok && s.reach == always && gate == nil {
			if needed, err := h.block.NeedsSession(r, r.URL); needed || err != nil {
				gate = h
			}
		}
		return s.ends()
	}}
	w.follow(e.routes, step{reach: always})
	return gate
}

// paths are the patterns of paths that the routes of the server and the blocks in them match.
func (e *edge) paths() (patterns []string) {
	note := func(sets caddyhttp.MatcherSets) {
		for _, pattern := range pathsOf(sets) {
			if !slices.Contains(patterns, pattern) {
				patterns = append(patterns, pattern)
			}
		}
	}
	everyStep(e.server, e.routes, func(s step) {
		note(s.on[len(s.on)-1].MatcherSets)
		if h, ok := s.handler.(*Handler); ok {
			note(h.matchers)
		}
	})
	return patterns
}

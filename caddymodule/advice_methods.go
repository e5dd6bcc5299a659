package caddymodule

import (
	"context"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// adviseOnMethods says where a POST needs no session and what it may stand for does,
// whether a matcher of the block or a handle around it tells them apart.
func (e *edge) adviseOnMethods(ctx context.Context) (found []adminapi.Finding) {
	paths := append(pathsIn(e.routes), "/")
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
			h, _ := e.gateOf(e.routes, r, 0)
			return h
		}
		for _, method := range []string{http.MethodPut, http.MethodPatch, http.MethodDelete} {
			if h := gateOf(method); h != nil && h.site == s && gateOf(http.MethodPost) == nil {
				return h
			}
		}
	}
	return nil
}

// gateOf leads a request through routes as Caddy does. It is the first block that needs a
// session for it, nil for none. ends reports whether the request gets no further.
func (e *edge) gateOf(routes caddyhttp.RouteList, r *http.Request, invoked int) (gate *Handler, ends bool) {
	met := make(map[string]bool)
	for _, route := range configured(routes) {
		if route.Group != "" && met[route.Group] {
			continue
		}
		if matches, err := route.MatcherSets.AnyMatchWithError(r); err != nil || !matches {
			continue
		}
		met[route.Group] = true
		for _, handler := range route.Handlers {
			switch h := handler.(type) {
			case *Handler:
				if needed, err := h.block.NeedsSession(r, r.URL); needed || err != nil {
					return h, false
				}
			case *caddyhttp.Subroute:
				gate, ends = e.gateOf(h.Routes, r, invoked)
			case *caddyhttp.Invoke:
				if named := e.server.NamedRoutes[h.Name]; named != nil && invoked < maxInvoked {
					gate, ends = e.gateOf(caddyhttp.RouteList{*named}, r, invoked+1)
				}
			}
			if gate != nil || ends {
				return gate, ends
			}
		}
		if route.Terminal {
			return nil, true
		}
	}
	return nil, false
}

// pathsIn are the patterns of paths that some routes and the blocks in them match.
func pathsIn(routes caddyhttp.RouteList) (patterns []string) {
	for _, route := range configured(routes) {
		patterns = append(patterns, pathsOf(route.MatcherSets)...)
		for _, handler := range route.Handlers {
			switch h := handler.(type) {
			case *Handler:
				patterns = append(patterns, pathsOf(h.matchers)...)
			case *caddyhttp.Subroute:
				patterns = append(patterns, pathsIn(h.Routes)...)
			}
		}
	}
	return patterns
}

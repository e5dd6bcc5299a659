package caddymodule

import (
	"context"
	"net/http"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// adviseOnMethods says where a POST needs no session and what it may stand for does,
// whether a matcher of the block or a handle around it tells them apart.
func (e *edge) adviseOnMethods(ctx context.Context, s *site, paths []string) []adminapi.Finding {
	h := e.leavesPost(ctx, s, paths)
	if h == nil {
		return nil
	}
	return []adminapi.Finding{h.Lines.warning(directive, "site "+s.name(), "doorpost protects PUT, PATCH or DELETE and leaves POST open, for which many apps take a POST with a field _method",
		"name the methods that are open, for example @changes not method GET HEAD OPTIONS, and doorpost @changes { … }")}
}

// leavesPost is a block of a site that PUT, PATCH or DELETE meets at a path, and POST does not,
// which the same app answers; nil for none.
func (e *edge) leavesPost(ctx context.Context, s *site, paths []string) *Handler {
	for _, pattern := range append(paths, "/") {
		path := examplePath(pattern)
		open := e.courseOf(ctx, s, http.MethodPost, path)
		if open.gate != nil {
			continue
		}
		for _, method := range []string{http.MethodPut, http.MethodPatch, http.MethodDelete} {
			if closed := e.courseOf(ctx, s, method, path); open.opens(closed) {
				return closed.gate
			}
		}
	}
	return nil
}

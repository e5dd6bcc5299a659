package caddymodule

import (
	"context"
	"net/http"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// adviseOnMethods says where a POST needs no session at a path and PUT, PATCH or DELETE does, which
// the same app answers: whether a matcher of the block or a handle around it tells them apart.
func (e *edge) adviseOnMethods(ctx context.Context, s *site, paths []string) []adminapi.Finding {
	for _, pattern := range append(paths, "/") {
		open := e.courseOf(ctx, s, http.MethodPost, examplePath(pattern))
		for _, method := range []string{http.MethodPut, http.MethodPatch, http.MethodDelete} {
			if closed := e.courseOf(ctx, s, method, examplePath(pattern)); open.opens(closed) {
				return []adminapi.Finding{closed.gate.Lines.warning(directive, "site "+s.name(), "doorpost protects PUT, PATCH or DELETE and leaves POST open, for which many apps take a POST with a field _method",
					"name the methods that are open, for example @changes not method GET HEAD OPTIONS, and doorpost @changes { … }")}
			}
		}
	}
	return nil
}

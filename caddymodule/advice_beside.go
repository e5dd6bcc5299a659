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
func (e *edge) adviseOnBeside(ctx context.Context, s *site, paths []string) (found []adminapi.Finding) {
	var closed, ways []way
	for _, pattern := range append(paths, "/x") {
		path := examplePath(pattern)
		switch c := e.courseOf(ctx, s, http.MethodGet, path); {
		case c.gate != nil:
			closed = append(closed, way{path, c})
		case c.isOpen() && c.uri != path:
			ways = append(ways, way{path, c})
		}
	}
	var told []*Handler
	tell := func(to way, other string) {
		if slices.Contains(told, to.gate) || !e.leadsTo(ctx, s, to.course, other) {
			return
		}
		told = append(told, to.gate)
		found = append(found, to.gate.Lines.warning(directive, "site "+s.name(),
			fmt.Sprintf("doorpost protects %s and not %s, which comes to the same app as the same path (by handle_path, uri or rewrite), and which is open to anyone", to.path, other),
			"put doorpost there, too, or serve there what is not protected elsewhere"))
	}
	ofAll := e.courseOf(ctx, s, http.MethodGet, "/x").gate
	for _, w := range ways {
		// What leads to one path of a site that is protected but for some is meant so.
		if to := (way{w.uri, e.courseOf(ctx, s, http.MethodGet, w.uri)}); w.cuts() || to.gate != ofAll {
			tell(to, w.path)
		}
	}
	for _, to := range closed {
		tell(to, to.uri) // something is cut off before the gate
		for _, w := range ways {
			if w.cuts() && haveCommon(w.sources, to.sources) {
				tell(to, strings.TrimSuffix(w.path, w.uri)+to.uri)
			}
		}
	}
	return found
}

// way is what becomes of a path that is asked for.
type way struct {
	path string
	course
}

// cuts reports whether the answer gets the end of the path: so it does with others, then.
func (w way) cuts() bool { return strings.HasSuffix(w.path, w.uri) }

// leadsTo reports whether a path leads to what answers a closed request, as the same one and
// without any block on the way.
func (e *edge) leadsTo(ctx context.Context, s *site, closed course, path string) bool {
	open := e.courseOf(ctx, s, http.MethodGet, path)
	return open.opens(closed) && open.uri == closed.uri && !slices.ContainsFunc(open.before, isGate)
}

func isGate(s step) bool {
	_, ours := s.handler.(*Handler)
	return ours
}

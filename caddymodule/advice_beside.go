package caddymodule

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// adviseOnBeside says where a route without a gate leads to what a gate of the site protects.
func (e *edge) adviseOnBeside(ctx context.Context, s *site, paths []string) []adminapi.Finding {
	return s.adviseOnLeaks(s.leaksAt(ctx, s, "", s.closedAt(ctx, paths), paths))
}

// leak is a way past a gate to what it protects.
type leak struct {
	closed way
	open   string // a path, or a URL of another site
}

// adviseOnLeaks tells all ways past one gate at once.
func (s *site) adviseOnLeaks(leaks []leak) (found []adminapi.Finding) {
	for _, h := range s.handlers {
		past := slices.DeleteFunc(slices.Clone(leaks), func(l leak) bool { return l.closed.gate != h })
		if len(past) == 0 {
			continue
		}
		open := each(past[:min(len(past), maxTold)], func(l leak) string { return l.open })
		if more := len(past) - maxTold; more > 0 {
			open = append(open, fmt.Sprintf("%d more", more))
		}
		found = append(found, h.Lines.warning(directive, "site "+s.name(),
			fmt.Sprintf("doorpost protects %s and not %s: that comes to the same app or file, and is open to anyone", past[0].closed.path, strings.Join(open, ", ")),
			"put doorpost there, too (handle_path, uri, rewrite, root, handle_response or another site leads there), or serve there what is not protected elsewhere"))
	}
	return found
}

// maxTold bounds how many ways past a gate one warning names.
const maxTold = 4

// closedAt is what becomes of paths that a gate of the site protects.
func (s *site) closedAt(ctx context.Context, paths []string) (closed []way) {
	for _, pattern := range append(paths, "/x") {
		if c := s.edge.courseOf(ctx, s, http.MethodGet, examplePath(pattern)); c.gate != nil {
			closed = append(closed, way{examplePath(pattern), c})
		}
	}
	return closed
}

// leaksAt are those past gates of a site at another one, which has a URL, or may be the same: by
// the same path, by what cuts something off a path or changes it, or from a folder above. For
// each gate there is one.
func (s *site) leaksAt(ctx context.Context, other *site, at string, closed []way, paths []string) (leaks []leak) {
	openAt := func(path string) []course { return other.openAt(ctx, cmp.Or(at, s.name())+path) }
	var ways []way
	for _, pattern := range append(paths, "/x") {
		for _, c := range openAt(examplePath(pattern)) {
			ways = append(ways, way{examplePath(pattern), c})
		}
	}
	try := func(to way, path string) {
		known := slices.ContainsFunc(leaks, func(l leak) bool { return l.closed.gate == to.gate })
		if to.gate != nil && !known && slices.ContainsFunc(openAt(path), to.isReachedBy) {
			leaks = append(leaks, leak{to, at + path})
		}
	}
	ofAll := s.edge.courseOf(ctx, s, http.MethodGet, "/x").gate
	for _, w := range ways {
		// What leads to one path of a site that is protected but for some is meant so.
		if to := (way{w.uri, s.edge.courseOf(ctx, s, http.MethodGet, w.uri)}); w.uri != w.path && w.cuts() || to.gate != ofAll {
			try(to, w.path)
		}
	}
	for _, to := range closed {
		try(to, frontController+to.path) // PHP finds the same path in it
		try(to, to.path)                 // at another site
		try(to, to.uri)                  // something is cut off before the gate
		for _, w := range ways {
			if folder, common := folderBelow(w.sources, to.sources); common && w.cuts() && w.path != w.uri+folder {
				try(to, w.before()+folder+to.uri+w.after())
			}
		}
	}
	return leaks
}

// way is what becomes of a path that is asked for.
type way struct {
	path string
	course
}

// page is what the answer gets, without the query.
func (c course) page() string {
	page, _, _ := strings.Cut(c.uri, "?")
	return page
}

// cuts reports whether the answer gets a part of the path: so it does with others, then. before
// and after are what is cut off.
func (w way) cuts() bool     { return strings.Contains(w.path, w.page()) }
func (w way) before() string { return w.path[:strings.LastIndex(w.path, w.page())] }
func (w way) after() string  { return w.path[len(w.before()+w.page()):] }

// openAt are the courses of a request for a URL of the site by which somebody who is not signed
// in gets more than a fixed answer.
func (s *site) openAt(ctx context.Context, to string) []course {
	c := s.edge.courseTo(ctx, s, http.MethodGet, to, "", asRouted)
	return slices.DeleteFunc(append(c.later, c), func(c course) bool { return !c.isOpen() })
}

// frontController is the script to which php_fastcgi sends requests for files that are not
// there. The path behind its name is for the script (RFC 3875, section 4.1.5).
const frontController = "/index.php"

// isReachedBy reports whether an open request comes to what answers a closed one, as the same one
// and without any block on the way, or to a script with the path of the closed one behind its name.
func (w way) isReachedBy(open course) bool {
	folder, common := folderBelow(open.sources, w.sources)
	same := (open.uri == folder+w.uri || open.page() == folder+w.uri) && !slices.ContainsFunc(open.before, isGate)
	behind := open.answer.directive() == "php_fastcgi" && !strings.Contains(w.path, ".php") && open.page() == frontController+w.path
	return common && (same || behind)
}

func isGate(s step) bool {
	_, ours := s.handler.(*Handler)
	return ours
}

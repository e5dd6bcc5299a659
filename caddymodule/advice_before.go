package caddymodule

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// adviseOnBefore says which blocks are passed by, since something before them makes another
// request of one that they are for, and the same app answers that to anyone: a handle around a
// block sees what comes of a path alone, and so does public. A matcher of the block sees both.
func (e *edge) adviseOnBefore(ctx context.Context, s *site, paths []string) (found []adminapi.Finding) {
	var told []*Handler
	for _, pattern := range append([]string{everyPath}, paths...) {
		path := examplePath(pattern)
		closed := e.courseAs(ctx, s, path, asAsked)
		if closed.gate == nil && closed.uri != path { // what handle_path leaves may be what passes it by
			closed = e.courseAs(ctx, s, path, asSent)
		}
		if closed.gate == nil || closed.moved.handler == nil || slices.Contains(told, closed.gate) {
			continue
		}
		open := e.courseAs(ctx, s, path, withoutFiles)
		if !open.passes(closed) || open.leadsInto(pattern) || e.isMeant(ctx, s, closed, open, pattern) {
			continue
		}
		by := open.moved.rewriter()
		told = append(told, closed.gate)
		found = append(found, closed.gate.Lines.warning(directive, "site "+s.name(),
			fmt.Sprintf("doorpost protects %s, and %s before it makes something else of that, which is open to anyone", pattern, by),
			fmt.Sprintf("put %s behind doorpost, into a handle; or write doorpost with a matcher for these paths in the site itself, not in a handle", by)))
	}
	return found
}

// everyPath stands for those that nobody has written anything for.
const everyPath = "/*"

// isMeant reports whether what comes of paths is open for these alone, in a site of which all
// else is protected: who writes that means it, unless one is made of many.
func (e *edge) isMeant(ctx context.Context, s *site, closed, open course, pattern string) bool {
	if pattern == everyPath || e.courseAs(ctx, s, examplePath(everyPath), closed.how).gate != closed.gate {
		return false
	}
	other := strings.ReplaceAll(pattern, "*", "y")
	return other == pattern || e.courseAs(ctx, s, other, withoutFiles).uri != open.uri
}

// passes reports whether what answers a closed request does so without a session here. What a
// file_server shows is decided by the path that is left.
func (c course) passes(closed course) bool {
	c.public = false
	return c.answer.directive() != "file_server" && c.opens(closed)
}

// leadsInto reports whether what changes the path puts the same before all of them, and a
// pattern is for what comes of that.
func (c course) leadsInto(pattern string) bool {
	to, _ := c.moved.rewrite()
	added, _, _ := strings.Cut(to.URI, "{")
	return added != "" && c.moved.movesAll(to) && strings.HasPrefix(pattern, added)
}

// rewriter is what a step that changes requests is called in a Caddyfile.
func (s step) rewriter() string {
	to, rewrites := s.rewrite()
	switch {
	case !rewrites:
		return "request_header"
	case strings.HasPrefix(to.URI, foundFile):
		return "try_files"
	case to.StripPathPrefix != "" && s.isHandlePath():
		return "handle_path"
	case to.URI == "":
		return "uri"
	}
	return "rewrite"
}

package caddymodule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/fileserver"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/rewrite"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// adviseOnRewrites says which public paths a rewrite behind the gate can make into
// another: what is public there is decided by the path before it.
func (e *edge) adviseOnRewrites() (found []adminapi.Finding) {
	for _, s := range e.publicBlocks() {
		if h := s.handler.(*Handler); e.rewritesBehind(s, h) {
			found = append(found, h.Lines.warning("public", "site "+h.site.name(),
				fmt.Sprintf("public %s: behind doorpost a rewrite (php_fastcgi, try_files, rewrite, uri, handle_errors) can make another path of it, such as that of a front controller, which is open to anyone then", strings.Join(h.Public, " ")),
				fmt.Sprintf("serve what is public in a handle of its own, handle %s { file_server }, and put doorpost with all else into handle { … }", h.Public[0])))
		}
	}
	return found
}

// publicBlocks are the steps at the blocks of the server that have public paths, each once.
func (e *edge) publicBlocks() (blocks []step) {
	w := walk{server: e.server, fits: func(caddyhttp.Route) fit { return sometimes }, meet: func(s step) fit {
		h, ours := s.handler.(*Handler)
		if ours && len(h.Public) > 0 && !slices.ContainsFunc(blocks, func(known step) bool { return known.handler == s.handler }) {
			blocks = append(blocks, s)
		}
		return never
	}}
	w.followAll()
	return blocks
}

// rewritesBehind reports whether a request for a public path of a block may come to a
// rewrite after it has passed the block.
func (e *edge) rewritesBehind(block step, h *Handler) (rewrites bool) {
	public, passed := requests{hosts: h.site.hosts, paths: h.Public}, false
	w := walk{server: e.server, fits: func(route caddyhttp.Route) fit {
		fits := public.match(route.MatcherSets)
		if fits == sometimes && slices.ContainsFunc(block.on, func(on caddyhttp.Route) bool { return isSame(on, route) }) {
			return always // those are meant that come to the block
		}
		return fits
	}, meet: func(s step) fit {
		passed = passed || s.handler == block.handler
		rewrites = rewrites || passed && s.reach != never && s.rewrites()
		return never
	}}
	w.followAll()
	return rewrites
}

// isSame reports whether two routes are one of the configuration, which stands in it once.
func isSame(a, b caddyhttp.Route) bool {
	return len(a.Handlers) > 0 && len(b.Handlers) > 0 && &a.Handlers[0] == &b.Handlers[0]
}

// foundFile is what try_files rewrites to.
const foundFile = "{http.matchers.file.relative}"

// rewrites reports whether a step can make another path of that of a request. Where the
// request has failed, a page that tells of it is none that anybody wants to hide.
func (s step) rewrites() bool {
	var r rewrite.Rewrite
	switch h := s.handler.(type) {
	case rewrite.Rewrite:
		r = h
	case *rewrite.Rewrite:
		r = *h
	}
	switch {
	case len(r.URISubstring) > 0, len(r.PathRegexp) > 0:
		return true
	case r.URI == "", r.URI == foundFile && findsTheSameOnly(s.on[len(s.on)-1]):
		return false
	}
	return !s.later || !isErrorPage(r.URI)
}

// isErrorPage reports whether a URI names a page that is the same for all who ask, such as
// /{http.error.status_code}.html.
func isErrorPage(uri string) bool {
	for _, key := range placeholdersIn(uri) {
		if !slices.Contains(harmless, key) {
			return false
		}
	}
	path, _, _ := strings.Cut(uri, "?")
	file := aFile.FindStringSubmatch(path)
	return file != nil && !isScript(file[1])
}

// findsTheSameOnly reports whether a route is for files that are there under the path
// of the request.
func findsTheSameOnly(route caddyhttp.Route) bool {
	for _, set := range route.MatcherSets {
		for _, matcher := range set {
			if file, ok := matcher.(*fileserver.MatchFile); ok {
				return !slices.ContainsFunc(file.TryFiles, func(try string) bool {
					return try != "{http.request.uri.path}" && !strings.HasPrefix(try, "=")
				})
			}
		}
	}
	return false
}

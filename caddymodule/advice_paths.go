package caddymodule

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/fileserver"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/rewrite"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// adviseOnPaths says which paths of a server's sites are open though they look
// protected.
func (e *edge) adviseOnPaths(ctx context.Context) (found []adminapi.Finding) {
	for _, s := range e.sites {
		var told []gap
		for _, h := range s.handlers {
			for _, g := range h.leftOpen(ctx) {
				if slices.Contains(told, g) {
					continue
				}
				told = append(told, g)
				found = append(found, h.Lines.warning(directive, "site "+s.name(), g.found(), g.advice()))
			}
		}
	}
	return found
}

// gap is a path that a pattern protects without what is below it, or the other way round.
type gap struct {
	pattern string
	path    string // "" for the start page
	below   bool   // what is below it is protected, and it is not
}

// aFile matches the path of a file, by its extension: /x.html, not /.git or /v1.2.
var aFile = regexp.MustCompile(`[^/]\.([A-Za-z][0-9A-Za-z]*)$`)

// gapBeside is the gap that a pattern of a matcher leaves by itself; none where it goes on
// anyhow, or names a file, which has nothing below it. Scripts of PHP and CGI have: what
// comes behind their name is theirs (RFC 3875, section 4.1.5).
func gapBeside(pattern string) (g gap, leaves bool) {
	g.pattern = pattern
	g.path, g.below = strings.CutSuffix(pattern, "/*")
	switch {
	case strings.ContainsAny(g.path, "*{"):
		return g, false
	case g.below:
		return g, g.path != ""
	}
	g.path = strings.TrimSuffix(pattern, "/")
	file := aFile.FindStringSubmatch(pattern)
	return g, file == nil || file[1] == "php" || file[1] == "cgi"
}

// examples are a path that the pattern protects and one that it does not.
func (g gap) examples() (inside, outside string) {
	if g.below {
		return g.path + "/x", g.path
	}
	return g.pattern, g.path + "/x"
}

// open is the pattern of what is open.
func (g gap) open() string {
	if g.below {
		return g.path
	}
	return g.path + "/*"
}

func (g gap) found() string {
	if g.below {
		return fmt.Sprintf("doorpost %s does not include %s itself, which is open to anyone", g.pattern, g.path)
	}
	return fmt.Sprintf("doorpost %s does not include what is below it, such as %s/x, which is open to anyone", g.pattern, g.path)
}

func (g gap) advice() string {
	if g.path == "" {
		return "leave the matcher / out to protect the whole site"
	}
	return fmt.Sprintf("write @inside path %s %s/*, and doorpost @inside { … }; or, if it is meant to be open, public %s", g.path, g.path, g.open())
}

// leftOpen are the gaps that the block leaves and no other block of the site closes.
func (h *Handler) leftOpen(ctx context.Context) (gaps []gap) {
	for _, pattern := range pathsOf(h.matchers) {
		g, leaves := gapBeside(pattern)
		if !leaves || slices.ContainsFunc(h.Public, func(public string) bool { return strings.EqualFold(public, g.open()) }) {
			continue
		}
		inside, outside := g.examples()
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
			if h.site.needsSession(ctx, method, inside) && !h.site.needsSession(ctx, method, outside) {
				gaps = append(gaps, g)
				break
			}
		}
	}
	return gaps
}

// needsSession reports whether any block needs a session for a request.
func (s *site) needsSession(ctx context.Context, method, path string) bool {
	return slices.ContainsFunc(s.handlers, func(h *Handler) bool {
		r, err := s.example(ctx, method, path)
		if err != nil {
			return false
		}
		needed, err := h.block.NeedsSession(r, r.URL)
		return needed || err != nil
	})
}

// example is a request to the site.
func (s *site) example(ctx context.Context, method, path string) (*http.Request, error) {
	target, err := url.Parse(strings.Replace(s.name(), "*", "any", 1) + path)
	if err != nil {
		return nil, err
	}
	r, err := s.handlers[0].requestFor(ctx, target)
	if err == nil {
		r.Method = method
	}
	return r, err
}

// pathsOf are the patterns of the path matchers in some sets.
func pathsOf(sets caddyhttp.MatcherSets) (patterns []string) {
	for _, set := range sets {
		for _, matcher := range set {
			switch m := matcher.(type) {
			case *caddyhttp.MatchPath:
				patterns = append(patterns, *m...)
			case caddyhttp.MatchPath:
				patterns = append(patterns, m...)
			}
		}
	}
	return patterns
}

// passed is a block that a request has passed, and the group of the route in which it
// stands: of the routes of a group a request meets one only.
type passed struct {
	*Handler
	group string
}

// adviseOnRewrites says which public paths a rewrite behind the gate can make into
// another: what is public there is decided by the path before it.
func (e *edge) adviseOnRewrites(routes caddyhttp.RouteList) (found []adminapi.Finding) {
	e.rewrites(routes, nil, 0, func(h *Handler) {
		finding := h.Lines.warning("public", "site "+h.site.name(),
			fmt.Sprintf("public %s: behind doorpost a rewrite (php_fastcgi, try_files, rewrite) can make another path of it, such as that of a front controller, which is open to anyone then", strings.Join(h.Public, " ")),
			fmt.Sprintf("serve what is public in a handle of its own, handle %s { file_server }, and put doorpost with all else into handle { … }", h.Public[0]))
		if !slices.Contains(found, finding) {
			found = append(found, finding)
		}
	})
	return found
}

// rewrites calls report for each block with public paths that comes before a rewrite
// which they may reach, and returns the blocks that were passed.
func (e *edge) rewrites(routes caddyhttp.RouteList, before []passed, invoked int, report func(*Handler)) []passed {
	for _, route := range routes {
		here := slices.DeleteFunc(slices.Clone(before), func(p passed) bool { return p.group != "" && p.group == route.Group })
		known := len(here)
		for _, handler := range route.Handlers {
			switch h := handler.(type) {
			case *Handler:
				if len(h.Public) > 0 {
					here = append(here, passed{h, ""})
				}
			case *caddyhttp.Subroute:
				here = e.rewrites(h.Routes, here, invoked, report)
			case *caddyhttp.Invoke:
				if named := e.server.NamedRoutes[h.Name]; named != nil && invoked < maxInvoked {
					here = e.rewrites(caddyhttp.RouteList{*named}, here, invoked+1, report)
				}
			case rewrite.Rewrite:
				reportRewrite(route, h, here, report)
			case *rewrite.Rewrite:
				reportRewrite(route, *h, here, report)
			}
		}
		for _, p := range here[min(known, len(here)):] {
			before = append(before, passed{p.Handler, route.Group})
		}
	}
	return before
}

func reportRewrite(route caddyhttp.Route, r rewrite.Rewrite, before []passed, report func(*Handler)) {
	if r.URI == "" || findsTheSameOnly(route) {
		return
	}
	patterns := pathsOf(route.MatcherSets)
	for _, p := range before {
		if len(patterns) == 0 || slices.ContainsFunc(p.Public, func(public string) bool { return reaches(patterns, public) }) {
			report(p.Handler)
		}
	}
}

// reaches reports whether a path that is public may match some patterns.
func reaches(patterns []string, public string) bool {
	path := strings.TrimSuffix(public, "*")
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		prefix, _, _ := strings.Cut(pattern, "*")
		return strings.HasPrefix(path, prefix) || strings.HasSuffix(public, "*") && strings.HasPrefix(prefix, path)
	})
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

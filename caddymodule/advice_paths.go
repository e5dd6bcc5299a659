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
	return g, file == nil || isScript(file[1])
}

// examplePath is a path that a pattern matches.
func examplePath(pattern string) string {
	return "/" + strings.TrimLeft(strings.ReplaceAll(pattern, "*", "x"), "/")
}

// isScript reports whether files with an extension are run, and not sent.
func isScript(extension string) bool { return extension == "php" || extension == "cgi" }

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

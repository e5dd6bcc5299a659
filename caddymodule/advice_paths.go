package caddymodule

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// adviseOnOpen says what is open though it looks protected, for each site but that of the portal.
func (e *edge) adviseOnOpen(ctx context.Context) (found []adminapi.Finding) {
	for _, s := range e.sites {
		if len(s.handlers) == 0 {
			continue
		}
		paths := slices.Clip(e.findPaths(s.originHosts()))
		for _, advise := range []func(context.Context, *site, []string) []adminapi.Finding{e.adviseOnBefore, e.adviseOnPaths, e.adviseOnBeside, e.adviseOnHosts, e.adviseOnMethods} {
			found = append(found, advise(ctx, s, paths)...)
		}
	}
	return found
}

// adviseOnPaths says which paths of a site are open though they look protected, whether a
// matcher of the block or a handle around it tells them apart.
func (e *edge) adviseOnPaths(ctx context.Context, s *site, paths []string) (found []adminapi.Finding) {
	for _, pattern := range paths {
		if g, leaves := gapBeside(pattern); leaves {
			if h := e.leavesOpen(ctx, s, g); h != nil {
				found = append(found, h.Lines.warning(directive, "site "+s.name(), g.found(), g.advice()))
			}
		}
	}
	return found
}

// leavesOpen is a block that leaves a gap by its matcher, or by a route that it stands in; nil
// for none. Of a folder a file_server only says that it is one.
func (e *edge) leavesOpen(ctx context.Context, s *site, g gap) *Handler {
	inside, outside := g.examples()
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		closed := e.courseOf(ctx, s, method, inside)
		h := closed.gate
		if h == nil || !closed.isGatedBy(g.pattern) || slices.ContainsFunc(h.Public, func(public string) bool { return strings.EqualFold(public, g.open()) }) {
			continue
		}
		open := e.courseOf(ctx, s, method, outside)
		if open.opens(closed) && !(g.below && open.answer.directive() == "file_server") && !g.isMoved(closed, open) {
			return h
		}
	}
	return nil
}

// isMoved reports whether a rewrite puts something else before what is open than before what is
// protected, as for two folders of one store: then what is open is nothing beside the other. Not
// so on the way to the gate, which sees another path then than it says.
func (g gap) isMoved(closed, open course) bool {
	inside, outside := g.examples()
	before, kept := strings.CutSuffix(closed.uri, inside)
	other, keptToo := strings.CutSuffix(open.uri, outside)
	return kept && keptToo && before != other && !slices.ContainsFunc(open.before, isGate)
}

// isGatedBy reports whether a pattern, as visitors ask for it, leads to the gate.
func (c course) isGatedBy(pattern string) bool {
	own := patternsIn(c.gate.matchers)
	for _, route := range c.at.on {
		own = append(own, patternsIn(route.MatcherSets)...)
	}
	return slices.ContainsFunc(own, func(own string) bool { return strings.HasSuffix(pattern, own) })
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
	case strings.ContainsAny(g.path, "{?"), strings.HasSuffix(g.path, "*"):
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
		return examplePath(g.path + "/x"), examplePath(g.path)
	}
	return examplePath(g.pattern), examplePath(g.path + "/x")
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
		return fmt.Sprintf("doorpost protects %s and not %s itself, which is open to anyone", g.pattern, g.path)
	}
	_, outside := g.examples()
	return fmt.Sprintf("doorpost protects %s and not what is below it, such as %s, which is open to anyone", g.pattern, outside)
}

func (g gap) advice() string {
	if g.path == "" {
		return "leave the matcher / out to protect the whole site"
	}
	advice := fmt.Sprintf("write @inside path %s %s/*, and @inside behind doorpost, or behind the handle that it stands in", g.path, g.path)
	if strings.Contains(g.path, "*") { // public takes no such pattern
		return advice
	}
	return advice + fmt.Sprintf("; or, if it is meant to be open, public %s in doorpost", g.open())
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

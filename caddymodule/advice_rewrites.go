package caddymodule

import (
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/fileserver"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/rewrite"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// adviseOnRewrites says where a request that needs no session can become one that would
// need one, behind the gate: what is open is decided by the path before it.
func (e *edge) adviseOnRewrites() (found []adminapi.Finding) {
	warn := func(h *Handler, what, how string) {
		found = append(found, h.Lines.warning("public", "site "+h.site.name(),
			what+": behind doorpost something (php_fastcgi, try_files, rewrite, uri, handle_path, handle_errors, handle_response) can make another path of an open one, such as that of a front controller, which is open to anyone then", how))
	}
	for _, of := range e.openings() {
		var public []string
		for _, o := range of.all {
			switch {
			case !of.leadToMore(o):
			case o.public != "":
				public = append(public, o.public)
			default:
				warn(o.gate, "doorpost "+o.gate.matcher.text, "protect the whole site, doorpost { … }, and name what is open with public; or serve what is protected in a handle of its own")
			}
		}
		if len(public) > 0 {
			warn(of.gate, "public "+strings.Join(of.gate.Public, " "), of.inHandles(public))
		}
	}
	return found
}

// inHandles says how to serve public paths in handles of their own: scripts are run there, too,
// for a file_server would send their source.
func (of *openBlock) inHandles(public []string) string {
	files := slices.DeleteFunc(slices.Clone(public), namesScript)
	scripts := slices.DeleteFunc(slices.Clone(public), func(path string) bool { return !namesScript(path) })
	var handles []string
	if len(files) > 0 {
		how := "{ file_server }"
		if slices.ContainsFunc(of.lookUp(), func(a served) bool { return a.directive() == "php_fastcgi" }) {
			how = "{ file_server { hide *.php } }"
		}
		handles = append(handles, handleOf("@files", files, how))
	}
	if len(scripts) > 0 {
		handles = append(handles, handleOf("@scripts", scripts, "{ php_fastcgi … }"))
	}
	return "serve what is public in a handle of its own, " + strings.Join(handles, ", and ") + ", and put doorpost with all else into handle { … }"
}

// namesScript reports whether a public path is one of scripts, or of what is below one.
func namesScript(public string) bool {
	file := aFile.FindStringSubmatch(strings.TrimRight(public, "/*"))
	return file != nil && isScript(strings.ToLower(file[1]))
}

// handleOf is a handle for some paths.
func handleOf(name string, public []string, how string) string {
	if len(public) == 1 {
		return "handle " + public[0] + " " + how
	}
	return name + " path " + strings.Join(public, " ") + " and handle " + name + " " + how
}

// leadToMore reports whether a request that a block lets pass may become one for a path that
// is not open.
func (of *openBlock) leadToMore(o opening) bool {
	steps := of.edge.passed(o)
	return slices.ContainsFunc(steps, func(s step) bool {
		r, rewrites := s.rewrite()
		switch {
		case !rewrites:
			return false
		case r.StripPathPrefix != "", r.StripPathSuffix != "":
			return !o.isOne() && of.areServedAsOthers(o, s, steps)
		case s.later && isErrorPage(s.uris(r)) && !slices.ContainsFunc(besideOf(s, steps), func(b step) bool { return b.directive() != "file_server" }):
			return false
		case s.movesAll(r), o.isOne() && o.holds(s) && len(placeholdersIn(r.URI)) == 0, putsBefore(r) && !of.areServedAsOthers(o, s, steps):
			return false
		}
		return slices.ContainsFunc(s.targets(r, o.public), func(target string) bool { return !o.includes(target) })
	})
}

// movesAll reports whether a rewrite puts the same before each path: none becomes one of those
// that need a session then.
func (s step) movesAll(r rewrite.Rewrite) bool {
	return putsBefore(r) && !slices.ContainsFunc(s.on, func(route caddyhttp.Route) bool { return len(pathsOf(route.MatcherSets)) > 0 })
}

// putsBefore reports whether a rewrite puts something before the paths that it meets, and
// leaves them as they are else.
func putsBefore(r rewrite.Rewrite) bool {
	path, _, _ := strings.Cut(r.URI, "?")
	_, isPath := strings.CutSuffix(path, "{http.request.uri.path}")
	_, isURI := strings.CutSuffix(path, "{http.request.uri}")
	return len(placeholdersIn(path)) == 1 && (isPath || isURI)
}

// besideOf are the steps beside one, or below it, that answer.
func besideOf(s step, steps []step) []step {
	return slices.DeleteFunc(slices.Clone(steps), func(b step) bool { return !b.answers() || !b.isBeside(s) })
}

// rewrite is what a step does to the path.
func (s step) rewrite() (r rewrite.Rewrite, rewrites bool) {
	switch h := s.handler.(type) {
	case rewrite.Rewrite:
		return h, true
	case *rewrite.Rewrite:
		return *h, true
	case *reverseproxy.Handler: // what is asked whether requests may go on hands nothing out
		if h.Rewrite != nil && s.directive() != "forward_auth" {
			return *h.Rewrite, true
		}
	}
	return r, false
}

// targets are patterns of the paths that a request may have after a rewrite. Its own, which
// may end with *, is "" if nobody knows it: then no target is told that begins with it.
func (s step) targets(r rewrite.Rewrite, own string) (targets []string) {
	if len(r.URISubstring) > 0 || len(r.PathRegexp) > 0 {
		return []string{"*"}
	}
	for _, uri := range s.uris(r) {
		target, _, _ := strings.Cut(uri, "?")
		asOwn := strings.HasPrefix(target, "{http.request.uri}") || strings.HasPrefix(target, "{http.request.uri.path}")
		if target == "" || own == "" && asOwn {
			continue
		}
		reader := caddy.NewEmptyReplacer()
		reader.Map(func(key string) (any, bool) {
			if own != "" && (key == "http.request.uri" || key == "http.request.uri.path") {
				return own, true
			}
			return "*", true
		})
		target = reader.ReplaceAll(target, "")
		if !strings.HasPrefix(target, "*") {
			target = "/" + strings.TrimPrefix(target, "/")
		}
		targets = append(targets, target)
	}
	return targets
}

// uris are those that a rewrite may lead to.
func (s step) uris(r rewrite.Rewrite) []string {
	if strings.HasPrefix(r.URI, foundFile) {
		return triedFiles(s.on[len(s.on)-1])
	}
	return []string{r.URI}
}

// foundFile is what try_files rewrites to.
const foundFile = "{http.matchers.file.relative}"

// triedFiles are the paths that a route looks for.
func triedFiles(route caddyhttp.Route) []string {
	for _, set := range route.MatcherSets {
		for _, matcher := range set {
			if file, ok := matcher.(*fileserver.MatchFile); ok && len(file.TryFiles) > 0 {
				return slices.DeleteFunc(slices.Clone(file.TryFiles), func(try string) bool { return strings.HasPrefix(try, "=") })
			} else if ok {
				return []string{"{http.request.uri.path}"}
			}
		}
	}
	return []string{"{unknown}"}
}

// isErrorPage reports whether URIs name pages that are the same for all who ask, such as
// /{http.error.status_code}.html.
func isErrorPage(uris []string) bool {
	return !slices.ContainsFunc(uris, func(uri string) bool {
		path, _, _ := strings.Cut(uri, "?")
		file := aFile.FindStringSubmatch(path)
		return file == nil || isScript(file[1]) || slices.ContainsFunc(placeholdersIn(uri), func(key string) bool { return !slices.Contains(harmless, key) })
	})
}

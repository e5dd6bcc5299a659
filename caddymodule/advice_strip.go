package caddymodule

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/fileserver"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy/fastcgi"
)

// served is a step that answers more than something fixed, and where it has that from.
type served struct {
	step
	sources []string
}

// lookUp finds what answers requests to the site.
func (of *openBlock) lookUp() []served {
	if of.answers == nil {
		var all []step
		of.edge.walkTo(requests{hosts: of.gate.site.originHosts()}, func(s step) fit {
			if s.answers() && s.reach != never && !s.isFixed() {
				of.answers = append(of.answers, served{s, s.sources(all)})
			}
			all = append(all, s)
			return never
		})
	}
	return of.answers
}

// lookUpClosed finds what answers requests that need a session, as far as an opening tells.
func (of *openBlock) lookUpClosed(o opening) []served {
	byName := o.public != ""
	if _, found := of.closed[byName]; !found {
		of.closed[byName] = slices.DeleteFunc(slices.Clone(of.lookUp()), func(a served) bool { return o.holds(a.step) })
	}
	return of.closed[byName]
}

// areServedAsOthers reports whether what answers behind a step that changes the path of open
// requests answers those that need a session, too: what is below the public path may be all that
// there is then. Not so where these come the same way, and different paths stay different.
func (of *openBlock) areServedAsOthers(o opening, at step, steps []step) bool {
	apart := at.keepsApart()
	closed := slices.DeleteFunc(slices.Clone(of.lookUpClosed(o)), func(a served) bool { return apart && a.isBeside(at) })
	return slices.ContainsFunc(besideOf(at, steps), func(b step) bool {
		i := slices.IndexFunc(of.lookUp(), func(a served) bool { return a.handler == b.handler })
		return i >= 0 && slices.ContainsFunc(closed, func(a served) bool { return haveCommon(a.sources, of.answers[i].sources) })
	})
}

// keepsApart reports whether all requests to what is beside a step come by it, and have
// different paths behind it if they had before: it puts something before them, or cuts off what
// each of them begins with, as handle_path does.
func (s step) keepsApart() bool {
	if len(s.on[len(s.on)-1].MatcherSets) > 0 {
		return false
	}
	r, _ := s.rewrite()
	prefix := strings.ToLower("/" + strings.Trim(r.StripPathPrefix, "/") + "/")
	return putsBefore(r) || r.StripPathPrefix != "" && slices.ContainsFunc(s.on, func(route caddyhttp.Route) bool {
		return isWithin(route, func(pattern string) bool { return strings.HasPrefix(strings.ToLower(pattern), prefix) })
	})
}

// haveCommon reports whether two lists of sources have one in common.
func haveCommon(some, others []string) bool {
	return slices.ContainsFunc(some, func(source string) bool { return slices.Contains(others, source) })
}

// sources are where answers come from: upstreams, or a folder. One service runs the scripts of
// several folders.
func (s step) sources(before []step) (sources []string) {
	switch h := s.handler.(type) {
	case *reverseproxy.Handler:
		for _, upstream := range h.Upstreams {
			sources = append(sources, thisMachine.Replace(upstream.Dial))
		}
		if len(sources) == 0 {
			sources = []string{fmt.Sprintf("%p", h)} // found anew for each request
		}
		if php, ok := h.Transport.(*fastcgi.Transport); ok {
			return each(sources, func(source string) string { return source + " " + s.folder(php.Root, before) })
		}
		return sources
	case *fileserver.FileServer:
		return []string{"file_server " + s.folder(h.Root, before)}
	}
	return []string{s.directive()}
}

// folder is the root of a step, or else what root says before it.
func (s step) folder(root string, before []step) string {
	if root != "" && root != "{http.vars.root}" {
		return root
	}
	for _, b := range before {
		if vars, ok := b.handler.(*caddyhttp.VarsMiddleware); ok && s.isBeside(b) && (*vars)["root"] != nil {
			root = path.Join("/", fmt.Sprint((*vars)["root"]))
		}
	}
	return root
}

// thisMachine gives the addresses of this machine one name.
var thisMachine = strings.NewReplacer("127.0.0.1", "localhost", "[::1]", "localhost")

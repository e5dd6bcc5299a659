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

// servesAsElsewhere reports whether what answers behind a step that cuts something off the
// path of open requests answers those that need a session, too: what is below the public
// path is then all that there is.
func (e *edge) servesAsElsewhere(o opening, cuts step, steps []step) bool {
	var closed []string
	var all []step
	e.walkTo(requests{hosts: o.gate.site.originHosts()}, func(s step) fit {
		all = append(all, s)
		return never
	})
	for i, s := range all {
		if s.answers() && s.reach != never && !o.holds(s) {
			closed = append(closed, s.sources(all[:i])...)
		}
	}
	return slices.ContainsFunc(besideOf(cuts, steps), func(b step) bool {
		i := slices.IndexFunc(all, func(s step) bool { return s.handler == b.handler })
		return i >= 0 && slices.ContainsFunc(b.sources(all[:i]), func(source string) bool { return slices.Contains(closed, source) })
	})
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

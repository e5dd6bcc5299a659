package caddymodule

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/fileserver"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
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

// sources are where answers come from: upstreams, or a folder.
func (s step) sources(before []step) (sources []string) {
	switch h := s.handler.(type) {
	case *reverseproxy.Handler:
		for _, upstream := range h.Upstreams {
			sources = append(sources, thisMachine.Replace(upstream.Dial))
		}
		return sources
	case *fileserver.FileServer:
		folder := h.Root
		for _, b := range before {
			if vars, ok := b.handler.(*caddyhttp.VarsMiddleware); ok && s.isBeside(b) && (*vars)["root"] != nil {
				folder = path.Join("/", fmt.Sprint((*vars)["root"]))
			}
		}
		return []string{"file_server " + folder}
	}
	return []string{s.directive()}
}

// thisMachine gives the addresses of this machine one name.
var thisMachine = strings.NewReplacer("127.0.0.1", "localhost", "[::1]", "localhost")

package caddymodule

import (
	"crypto/sha256"
	"encoding/json"
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
	sources []contentSource
}

// lookUp finds what answers requests to the site.
func (of *openBlock) lookUp() []served {
	if of.answers == nil {
		of.answers = of.edge.lookUp(of.gate.site.originHosts())
	}
	return of.answers
}

// lookUp finds what answers requests to some hosts, none for all.
func (e *edge) lookUp(hosts []string) (answers []served) {
	var all []step
	e.walkTo(requests{hosts: hosts}, func(s step) fit {
		if s.answers() && s.reach != never && !s.isFixed() {
			answers = append(answers, served{s, s.sources(all)})
		}
		all = append(all, s)
		return never
	})
	return answers
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

// contentSource is where answers come from: an upstream, or a folder.
type contentSource struct {
	from   string
	folder string   // of files or scripts
	hidden []string // of it
	host   string   // that a proxy asks for there, "" for that of the request, or an unknown one
}

// haveCommon reports whether two lists of sources have one in common.
func haveCommon(some, others []contentSource) bool {
	folder, common := folderBelow(some, others)
	return common && folder == ""
}

// folderBelow is the path by which what answers some requests comes to what answers others: that of a
// folder in a folder, "" for the same one. Of one upstream, another host that it is asked for is
// another site.
func folderBelow(some, others []contentSource) (folder string, common bool) {
	for _, a := range some {
		for _, b := range others {
			rest, inside := strings.CutPrefix(b.folder+"/", strings.TrimSuffix(a.folder, "/")+"/")
			hides := func(name string) bool { return strings.Contains(b.folder+"/", "/"+strings.Trim(name, "/")+"/") }
			if inside && a.from == b.from && (a.host == "" || b.host == "" || strings.EqualFold(a.host, b.host)) && (rest == "" || !slices.ContainsFunc(a.hidden, hides)) {
				return strings.TrimSuffix("/"+rest, "/"), true
			}
		}
	}
	return "", false
}

// sources are where answers come from. One service runs the scripts of several folders.
func (s step) sources(before []step) (sources []contentSource) {
	switch h := s.handler.(type) {
	case *reverseproxy.Handler:
		folder := ""
		if php, ok := h.Transport.(*fastcgi.Transport); ok {
			folder = s.folder(php.Root, before)
		}
		for _, upstream := range h.Upstreams {
			sources = append(sources, contentSource{from: thisMachine.Replace(upstream.Dial), folder: folder, host: hostFor(h)})
		}
		if len(sources) == 0 {
			sources = []contentSource{{from: fmt.Sprintf("%p", h), folder: folder}} // found anew for each request
		}
		return sources
	case *fileserver.FileServer:
		return []contentSource{{from: "file_server", folder: s.folder(h.Root, before), hidden: h.Hide}}
	}
	written, _ := json.Marshal(s.handler) // one that is written otherwise answers something else
	return []contentSource{{from: fmt.Sprintf("%s %x", s.directive(), sha256.Sum256(written))}}
}

// hostFor is the host that a proxy asks its upstreams for, if it is always the same.
func hostFor(h *reverseproxy.Handler) string {
	if h.Headers == nil || h.Headers.Request == nil || strings.Contains(h.Headers.Request.Set.Get("Host"), "{") {
		return ""
	}
	return h.Headers.Request.Set.Get("Host")
}

// folder is the root of a step, or else what root says before it.
func (s step) folder(root string, before []step) string {
	if root != "" && root != "{http.vars.root}" {
		return path.Join("/", root)
	}
	root = "."
	for _, b := range before {
		if vars, ok := b.handler.(*caddyhttp.VarsMiddleware); ok && s.isBeside(b) && (*vars)["root"] != nil {
			root = path.Join("/", fmt.Sprint((*vars)["root"]))
		}
	}
	return root
}

// thisMachine gives the addresses of this machine one name.
var thisMachine = strings.NewReplacer("127.0.0.1", "localhost", "[::1]", "localhost")

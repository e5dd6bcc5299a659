package caddymodule

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// checkPortalAlone refuses an app or files at the origin of the portal, in whichever site
// of a server: they could read and send its forms. A fixed answer of the operator's own
// may be there.
func (a *App) checkPortalAlone(server *caddyhttp.Server) error {
	if a.portalSite == nil || a.portalSite.edge.server == nil || !a.isAtPortal(server) {
		return nil
	}
	routes := server.Routes
	if e := a.edgeAt(server); e != nil {
		routes = e.routes
	}
	if server.Errors != nil {
		routes = slices.Concat(routes, server.Errors.Routes)
	}
	if name := besidePortal(server, routes, a.portal.Host()); name != "" {
		return a.portalLines.atLine(fmt.Errorf("site %s: %s answers at the origin of the portal; give what it serves a site of its own", a.portal.Host(), name))
	}
	return nil
}

// checkOtherServers does so at the servers beside that of the portal: now where Caddy has
// made their routes, and otherwise once it has.
func (a *App) checkOtherServers(ctx caddy.Context) error {
	h := httpApp(ctx)
	if h == nil {
		return nil
	}
	for _, server := range h.Servers {
		if err := a.checkPortalAlone(server); err != nil {
			return err
		}
		haveChecked(server)
	}
	return nil
}

// isAtPortal reports whether a server may be reached at the origin of the portal: at its
// port, on any address; and where something in front of Caddy speaks TLS for the portal, at
// any port that it may speak to.
func (a *App) isAtPortal(server *caddyhttp.Server) bool {
	portals, app := a.portalSite.edge.server, httpApp(a.ctx)
	behindTLS := a.portal.IsSecure() && !slices.ContainsFunc(portsOf(app, portals), func(p port) bool { return p.tls })
	at := siteAddress{hosts: []string{a.portal.Host()}, listen: portsOf(app, server)}
	origins, err := at.origins(app)
	return server == portals || err == nil && slices.Contains(origins, a.portal) ||
		behindTLS && slices.ContainsFunc(at.listen, func(p port) bool { return !p.tls })
}

// besidePortal is a directive in routes for the host of the portal that serves something of
// its own, "" for none.
func besidePortal(server *caddyhttp.Server, routes caddyhttp.RouteList, host string) (found string) {
	for _, route := range routes {
		if namesHost(route, host) {
			found = cmp.Or(found, anyContent(server, caddyhttp.RouteList{route}, 0))
		}
		for _, handler := range route.Handlers {
			if subroute, ok := handler.(*caddyhttp.Subroute); ok {
				found = cmp.Or(found, besidePortal(server, configured(subroute.Routes), host))
			}
		}
	}
	return found
}

// namesHost reports whether a route is for a host by name, whatever else it wants.
func namesHost(route caddyhttp.Route, host string) bool {
	hosts, _ := coverage(caddyhttp.Route{MatcherSets: route.MatcherSets})
	return slices.ContainsFunc(hosts, func(name string) bool { return strings.EqualFold(name, host) })
}

// anyContent is a directive in routes that serves more than a fixed answer, "" for none.
func anyContent(server *caddyhttp.Server, routes caddyhttp.RouteList, invoked int) (found string) {
	for _, route := range routes {
		for _, handler := range route.Handlers {
			var here string
			switch h := handler.(type) {
			case *caddyhttp.Subroute:
				here = anyContent(server, configured(h.Routes), invoked)
				if h.Errors != nil {
					here = cmp.Or(here, anyContent(server, h.Errors.Routes, invoked))
				}
			case *caddyhttp.Invoke:
				here = invokedContent(server, h.Name, invoked)
			case *caddyhttp.StaticResponse, caddyhttp.StaticResponse: // as Caddy adds them to redirect to https
			case caddy.Module:
				here = content[h.CaddyModule().ID]
			}
			found = cmp.Or(found, here)
		}
	}
	return found
}

// invokedContent is such a directive in a named route, which Caddy may not have made yet:
// it does so in no order.
func invokedContent(server *caddyhttp.Server, name string, invoked int) string {
	named := server.NamedRoutes[name]
	if named == nil || invoked >= maxInvoked {
		return ""
	}
	var written any
	if raw, err := json.Marshal(named.HandlersRaw); err == nil && json.Unmarshal(raw, &written) == nil {
		if found := writtenContent(server, written, invoked+1); found != "" {
			return found
		}
	}
	return anyContent(server, caddyhttp.RouteList{*named}, invoked+1)
}

// writtenContent is such a directive anywhere in JSON.
func writtenContent(server *caddyhttp.Server, written any, invoked int) (found string) {
	switch w := written.(type) {
	case []any:
		for _, part := range w {
			found = cmp.Or(found, writtenContent(server, part, invoked))
		}
	case map[string]any:
		switch name, _ := w["handler"].(string); name {
		case "static_response":
		case "invoke":
			route, _ := w["name"].(string)
			found = invokedContent(server, route, invoked)
		default:
			found = content[caddy.ModuleID("http.handlers."+name)]
		}
		for _, key := range slices.Sorted(maps.Keys(w)) {
			found = cmp.Or(found, writtenContent(server, w[key], invoked))
		}
	}
	return found
}

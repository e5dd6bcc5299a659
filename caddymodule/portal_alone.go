package caddymodule

import (
	"fmt"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// checkPortalAlone refuses an app or files at the origin of the portal, in whichever site
// of a server: they could read and send its forms. A fixed answer of the operator's own
// may be there.
//
// A site of another server that is for the host of the portal among others is warned of
// only: perhaps nobody can reach that server by that name.
func (a *App) checkPortalAlone(server *caddyhttp.Server) error {
	if a.portalSite == nil || a.portalSite.edge.server == nil {
		return nil
	}
	led := a.ledTo(server)
	if led == never {
		return nil
	}
	site := "site " + a.portal.Host()
	beside := besidePortal{host: a.portal.Host()}
	beside.look(server)
	switch {
	case beside.named != nil:
		return a.portalLines.atLine(fmt.Errorf("%s: %s answers at the origin of the portal; give what it serves a site of its own", site, beside.words(*beside.named)))
	case beside.covered == nil:
	case server == a.portalSite.edge.server:
		return a.linesOf(beside.covered).atLine(fmt.Errorf("%s: %s answers at the origin of the portal, too; put it into a handle for the hosts of the apps, or give the portal a site of its own: %s { doorpost_portal }",
			site, beside.words(*beside.covered), a.portal.Host()))
	case led == always:
		a.advise([]adminapi.Finding{a.linesOf(beside.covered).warning(directive, site, beside.words(*beside.covered)+" answers at the origin of the portal, too, on the addresses of its bind",
			fmt.Sprintf("give these addresses a site %s { abort } with the same bind, unless nobody can reach them by that name", a.portal.Host()))})
	}
	for _, s := range beside.unreached {
		a.advise([]adminapi.Finding{a.portalLines.warning(directive, site, beside.words(s)+" is never reached: doorpost_portal comes before it and answers every request",
			fmt.Sprintf("write handle %s { … } around it, and handle { doorpost_portal }", beside.pathOf(s)))})
	}
	return nil
}

// linesOf are the lines of a handler of ours, and for any other those of the portal.
func (a *App) linesOf(s *step) Lines {
	if gate, ok := s.handler.(*Handler); ok {
		return gate.Lines
	}
	return a.portalLines
}

// checkOtherServers does so at the servers beside that of the portal: now where Caddy has
// made their routes, and otherwise once it has.
func (a *App) checkOtherServers(ctx caddy.Context) error {
	h := httpApp(ctx)
	if h == nil {
		return nil
	}
	for _, server := range h.Servers {
		routes := configured(server.Routes)
		if server.Errors != nil {
			routes = slices.Concat(routes, server.Errors.Routes)
		}
		if slices.ContainsFunc(routes, isBeingProvisioned) {
			haveChecked(server)
		} else if server != a.portalSite.edge.server {
			if err := a.checkPortalAlone(server); err != nil {
				return err
			}
		}
	}
	return nil
}

// ledTo is how many requests for the origin of the portal may come to a server: all where it
// listens at the port of the portal, on any address, and some where something in front of
// Caddy speaks TLS for the portal, which may speak to any port.
func (a *App) ledTo(server *caddyhttp.Server) fit {
	app := httpApp(a.ctx)
	portals, ports := portsOf(app, a.portalSite.edge.server), portsOf(app, server)
	origins, err := siteAddress{hosts: []string{a.portal.Host()}, listen: ports}.origins(app)
	behindTLS := a.portal.IsSecure() && !slices.ContainsFunc(portals, func(p port) bool { return p.tls })
	switch {
	case server == a.portalSite.edge.server, err == nil && slices.Contains(origins, a.portal),
		behindTLS && slices.ContainsFunc(ports, func(p port) bool { return slices.Contains(portals, p) }):
		return always
	case behindTLS && slices.ContainsFunc(ports, func(p port) bool { return !p.tls }):
		return sometimes
	}
	return never
}

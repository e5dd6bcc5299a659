package caddymodule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

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
	sameOrigin, mayLead := a.isAtPortal(server)
	if !sameOrigin && !mayLead {
		return nil
	}
	routes := server.Routes
	if e := a.edgeAt(server); e != nil {
		routes = e.routes
	}
	beside := besidePortal{server: server, host: a.portal.Host()}
	beside.look(routes)
	if beside.lateHost = beside.anyHost; beside.lateHost || len(beside.mapped) > 0 {
		beside.look(routes) // these count for routes that stand before them, too
	}
	switch {
	case beside.named != "":
		return a.portalLines.atLine(fmt.Errorf("site %s: %s answers at the origin of the portal; give what it serves a site of its own", a.portal.Host(), beside.named))
	case beside.covered == "":
	case server == a.portalSite.edge.server:
		return a.portalLines.atLine(fmt.Errorf("site %s: %s answers at the origin of the portal, too, in %s; put it into a handle for the hosts of the apps, or give the portal a site of its own: %s { doorpost_portal }",
			a.portal.Host(), beside.covered, beside.site, a.portal.Host()))
	case sameOrigin:
		a.adviseOnce(a.portalLines.warning(directive, "site "+a.portal.Host(), fmt.Sprintf("%s in %s answers at the origin of the portal, too, on the addresses of its bind", beside.covered, beside.site),
			fmt.Sprintf("give these addresses a site %s { abort } with the same bind, unless nobody can reach them by that name", a.portal.Host())))
	}
	return nil
}

// adviseOnce is advise for what may be found more than once.
func (a *App) adviseOnce(found adminapi.Finding) {
	if !slices.Contains(a.found, found) {
		a.advise([]adminapi.Finding{found})
	}
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
// port, on any address. Where something in front of Caddy speaks TLS for the portal, mayLead
// reports whether that may speak to the server, at any port.
func (a *App) isAtPortal(server *caddyhttp.Server) (sameOrigin, mayLead bool) {
	portals, app := a.portalSite.edge.server, httpApp(a.ctx)
	behindTLS := a.portal.IsSecure() && !slices.ContainsFunc(portsOf(app, portals), func(p port) bool { return p.tls })
	at := siteAddress{hosts: []string{a.portal.Host()}, listen: portsOf(app, server)}
	origins, err := at.origins(app)
	samePort := slices.ContainsFunc(at.listen, func(p port) bool { return slices.Contains(portsOf(app, portals), p) })
	return server == portals || err == nil && slices.Contains(origins, a.portal) || behindTLS && samePort,
		behindTLS && slices.ContainsFunc(at.listen, func(p port) bool { return !p.tls })
}

// besidePortal looks for directives that serve more than a fixed answer to requests for
// the host of the portal.
type besidePortal struct {
	server *caddyhttp.Server
	host   string

	named   string // the first where the host stands by its name, "" for none
	covered string // the first where it is one among others, "" for none
	site    string // of the latter
	ownSite bool   // a site of its own, by its name, has every request for the host

	anyHost  bool     // request_header gave requests another host
	mapped   []string // placeholders that map gave a meaning
	lateHost bool     // anyHost once all routes were followed

	// The groups of which a request has met a route, or may have.
	met, mayHaveMet map[string]bool
}

// look follows all routes of the server. In a site of its own the portal makes no errors
// that the routes of another site would answer.
func (b *besidePortal) look(routes caddyhttp.RouteList) {
	b.anyHost, b.met, b.mayHaveMet = false, make(map[string]bool), make(map[string]bool)
	b.walk(routes, onTheWay{})
	if b.server.Errors != nil {
		covered, site := b.covered, b.site
		b.anyHost = b.anyHost || b.lateHost
		b.walk(b.server.Errors.Routes, onTheWay{site: "handle_errors"})
		if b.ownSite {
			b.covered, b.site = covered, site
		}
	}
}

// onTheWay is what led to some routes.
type onTheWay struct {
	site    string
	named   bool // the host of the portal, by its name
	invoked int  // named routes
}

// walk follows routes as Caddy does, and reports whether every request for the host ends
// there.
func (b *besidePortal) walk(routes caddyhttp.RouteList, way onTheWay) (ends bool) {
	for _, route := range configured(routes) {
		fits := matchHost(setsOf(route), b.host)
		if b.anyHost {
			fits.never, fits.always = false, false
		}
		if fits.never || route.Group != "" && b.met[route.Group] {
			continue
		}
		meets := fits.always && !b.mayHaveMet[route.Group]
		if route.Group != "" {
			b.met[route.Group], b.mayHaveMet[route.Group] = fits.always, true
		}
		here := way
		here.named = way.named || fits.named
		if here.site == "" {
			hosts, _ := coverage(route)
			here.site = "the site " + cmp.Or(strings.Join(hosts, ", "), "without a host")
		}
		ended := route.Terminal
		for _, step := range stepsOf(route) {
			ended = b.step(step, here) || ended
		}
		b.ownSite = b.ownSite || way.site == "" && fits.named && meets && ended
		if ends = ends || meets && ended; ends && !way.named {
			return true // in a site of its own nothing may stand beside the portal, be it reached or not
		}
	}
	return ends
}

// step looks at one handler of a route.
func (b *besidePortal) step(s step, way onTheWay) (ends bool) {
	serves := s.serves(b.mapped)
	switch {
	case s.name == "map":
		b.mapped = append(b.mapped, s.maps...)
	case s.name == portalHandler:
		return true
	case s.name == "invoke":
		named := b.server.NamedRoutes[s.invokes]
		if way.invoked++; way.invoked > maxInvoked {
			serves = s.name // nobody has looked what it leads to
		} else if named != nil {
			ends = b.walk(caddyhttp.RouteList{*named}, way)
		}
	case s.name == gateHandler && !way.named:
		serves = gateHandler
	}
	if way.named {
		b.named = cmp.Or(b.named, serves)
	} else if b.covered == "" {
		b.covered, b.site = serves, way.site
	}
	b.anyHost = b.anyHost || s.changesHost()
	ends = b.walk(s.routes, way) || ends
	before := b.anyHost
	b.anyHost = before || b.lateHost
	b.walk(s.later, way)
	b.anyHost = before
	return ends
}

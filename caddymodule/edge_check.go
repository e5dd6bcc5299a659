package caddymodule

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// edgeRoute is a named route that is provisioned when all other routes are. No
// configuration has the name.
const edgeRoute = "doorpost edge"

// EdgeChecker looks at the routes of a server when all of them are known. The module
// puts it into the configuration by itself; written by hand it does nothing.
type EdgeChecker struct{}

// CaddyModule implements caddy.Module.
func (EdgeChecker) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.doorpost_edge", New: func() caddy.Module { return new(EdgeChecker) }}
}

// Provision refuses routes that leave a site open, and warns of what looks protected
// and is not.
func (EdgeChecker) Provision(ctx caddy.Context) error {
	app, err := ctx.AppIfConfigured("doorpost")
	server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if err != nil || !ok {
		return nil
	}
	if err := makeNamedRoutes(ctx, server); err != nil {
		return err
	}
	return told(app.(*App).check(ctx, server))
}

// makeNamedRoutes makes the named routes of a server that Caddy, which makes them in no
// order, makes after the EdgeChecker. Caddy makes nothing anew of a route that is made.
func makeNamedRoutes(ctx caddy.Context, server *caddyhttp.Server) error {
	for _, name := range slices.Sorted(maps.Keys(server.NamedRoutes)) {
		if route := server.NamedRoutes[name]; name != edgeRoute && isBeingProvisioned(*route) {
			if err := route.Provision(ctx, nil); err != nil {
				return fmt.Errorf("named route %s: %w", name, err)
			}
		}
	}
	return nil
}

// check looks at the routes of a server, all of which are made.
func (a *App) check(ctx caddy.Context, server *caddyhttp.Server) error {
	if e := a.edgeAt(server); e != nil {
		e.checked = true
		if err := e.check(ctx); err != nil {
			return err
		}
	}
	return a.checkPortalAlone(server)
}

// checkRest looks at servers whose EdgeChecker Caddy did not come to: where the first handler
// of ours stands in a named route, it may have made all of those by then, or not. Then it looks
// at all servers together.
func (a *App) checkRest() error {
	for _, e := range a.edges {
		if e.server != nil && !e.checked {
			if err := a.check(a.ctx, e.server); err != nil {
				return err
			}
		}
	}
	a.advise(a.adviseOnTwins())
	return nil
}

// haveChecked makes Caddy come to an EdgeChecker behind all routes of a server.
func haveChecked(server *caddyhttp.Server) {
	if server.NamedRoutes == nil {
		server.NamedRoutes = make(map[string]*caddyhttp.Route)
	}
	if server.NamedRoutes[edgeRoute] == nil {
		server.NamedRoutes[edgeRoute] = &caddyhttp.Route{HandlersRaw: []json.RawMessage{[]byte(`{"handler":"doorpost_edge"}`)}}
	}
}

// check looks at all routes of the server.
func (e *edge) check(ctx caddy.Context) error {
	e.leaveToOthers(e.routes)
	e.noteSplits(e.routes, split{})
	e.noteCuts()
	for _, s := range e.sites {
		s.routes = e.routesFor(s.originHosts())
	}
	if err := e.guardErrors(ctx); err != nil {
		return err
	}
	if err := e.checkInvoked(); err != nil {
		return err
	}
	if err := e.checkReached(); err != nil {
		return err
	}
	e.app.advise(e.adviseOnRewrites())
	e.app.advise(e.adviseOnOpen(ctx))
	e.app.advise(e.adviseOnLogs(ctx))
	return e.app.checkPortal()
}

// checkInvoked refuses a gate in a named route that nothing invokes: it protects nothing.
func (e *edge) checkInvoked() (err error) {
	var invoked []string
	e.walkTo(requests{}, func(s step) fit {
		if h, ok := s.handler.(*caddyhttp.Invoke); ok {
			invoked = append(invoked, h.Name)
		}
		return never
	})
	for _, name := range slices.Sorted(maps.Keys(e.server.NamedRoutes)) {
		if slices.Contains(invoked, name) {
			continue
		}
		everyStep(e.server, caddyhttp.RouteList{*e.server.NamedRoutes[name]}, func(s step) {
			if h, ours := s.handler.(*Handler); ours && err == nil {
				err = h.Lines.atLine(fmt.Errorf("doorpost stands in the named route %s, which nothing invokes, so nothing is protected; invoke %s in the site, or in a named route of several directives put these into route { … }, or Caddy keeps the first of them only", name, name))
			}
		})
	}
	return err
}

// guardErrors puts the edge before the error routes of subroutes.
func (e *edge) guardErrors(ctx caddy.Context) error {
	first, err := e.first(ctx, errorEdge{e})
	guarded := make(map[*caddyhttp.Subroute]bool) // a named route is met where it is invoked
	everyStep(e.server, e.routes, func(s step) {
		if subroute, ok := s.handler.(*caddyhttp.Subroute); ok && subroute.Errors != nil && !guarded[subroute] {
			guarded[subroute] = true
			subroute.Errors.Routes = slices.Concat(first, subroute.Errors.Routes)
		}
	})
	return err
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (EdgeChecker) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	return next.ServeHTTP(w, r)
}

// leaveToOthers keeps wildcard sites from the hosts that routes of other sites name, and
// from that of the portal.
func (e *edge) leaveToOthers(routes caddyhttp.RouteList) {
	for _, s := range e.sites {
		others := []string{e.app.portal.Host()}
		for _, route := range routes {
			if hosts, _ := coverage(route); !slices.Equal(hosts, s.hosts) {
				others = append(others, hosts...)
			}
		}
		s.origins.Except(others)
	}
}

var (
	_ caddy.Provisioner           = EdgeChecker{}
	_ caddyhttp.MiddlewareHandler = EdgeChecker{}
)

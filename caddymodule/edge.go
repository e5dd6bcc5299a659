package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/gate"
)

// edge is what every request meets first at a server on which a site has the
// directive: it stands before all routes there, and before the error routes. Pages of
// ours are answered there; everything else goes on without any claim to an identity.
type edge struct {
	app     *App
	server  *caddyhttp.Server   // nil where there is none
	routes  caddyhttp.RouteList // of the server, which the edge stands before
	sites   []*site
	behind  func() []gatedRoute // the routes of the server that a handler of ours stands in
	bare    func() *gate.Edge   // for while the store cannot be opened: it knows the names of headers, and no site
	running atomic.Pointer[runningEdge]
}

// runningEdge is an edge once the app runs.
type runningEdge struct {
	*gate.Edge
	sites map[*gate.Site]*runningSite
}

// edgeOf is the edge of the server that is being provisioned, made by the first
// handler of ours there.
func (a *App) edgeOf(ctx caddy.Context) (*edge, error) {
	server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if !ok {
		return a.newEdge(), nil
	}
	if e := a.edgeAt(server); e != nil {
		return e, nil
	}
	e := a.newEdge()
	e.server, e.routes = server, server.Routes
	early := slices.ContainsFunc(e.routes, isBeingProvisioned)
	if err := e.standBeforeRoutes(ctx); err != nil {
		return nil, err
	}
	// Where the first handler of ours stands in an error route, the site has none:
	// it protects its error pages and nothing else.
	if server.Errors != nil && (early || !slices.ContainsFunc(server.Errors.Routes, isBeingProvisioned)) {
		first, err := e.first(ctx, errorEdge{e})
		if err != nil {
			return nil, err
		}
		server.Errors.Routes = append(first, server.Errors.Routes...)
	}
	if server.NamedRoutes == nil {
		server.NamedRoutes = make(map[string]*caddyhttp.Route)
	}
	server.NamedRoutes[edgeRoute] = &caddyhttp.Route{HandlersRaw: []json.RawMessage{[]byte(`{"handler":"doorpost_edge"}`)}}
	return e, nil
}

// standBeforeRoutes puts one route of ours in the place of all routes of the server.
// Caddy goes on to provision those, and then puts its chain together of ours.
//
// Once it has done that, which is when the first handler of ours stands in an error
// route or a named route, only the contents of subroutes can be replaced.
func (e *edge) standBeforeRoutes(ctx caddy.Context) error {
	if slices.ContainsFunc(e.routes, isBeingProvisioned) {
		// Put together once: what comes behind is the same for each request.
		chain := sync.OnceValue(func() caddyhttp.Handler { return e.routes.Compile(nothing) })
		front, err := e.first(ctx, &frontEdge{e, e.routes, func(caddyhttp.Handler) caddyhttp.Handler { return chain() }})
		e.server.Routes = front
		return err
	}
	for _, route := range e.routes {
		for _, handler := range route.Handlers {
			subroute, ok := handler.(*caddyhttp.Subroute)
			if !ok {
				return errors.New("doorpost stands in a named route or in handle_errors only, where it cannot protect what the site does before; give the site an address with a host, or write doorpost into the site, too")
			}
			front, err := e.first(ctx, &frontEdge{e, subroute.Routes, subroute.Routes.Compile})
			if err != nil {
				return err
			}
			subroute.Routes = front
		}
	}
	return nil
}

// edgeAt is the edge of a server, nil if it has none.
func (a *App) edgeAt(server *caddyhttp.Server) *edge {
	for _, e := range a.edges {
		if e.server == server {
			return e
		}
	}
	return nil
}

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
	e := app.(*App).edgeAt(server)
	if e == nil {
		return nil
	}
	e.leaveToOthers(e.routes)
	if err := e.guardErrors(ctx, e.routes); err != nil {
		return err
	}
	if err := e.checkOrder(); err != nil {
		return err
	}
	for _, routes := range e.listsOfSites() {
		e.advise(adviseOnRewrites(routes))
	}
	e.advise(e.adviseOnPaths(ctx))
	return nil
}

// guardErrors puts the edge before the error routes of subroutes.
func (e *edge) guardErrors(ctx caddy.Context, routes caddyhttp.RouteList) error {
	for subroute := range subroutes(routes) {
		if subroute.Errors == nil {
			continue
		}
		first, err := e.first(ctx, errorEdge{e})
		if err != nil {
			return err
		}
		subroute.Errors.Routes = append(first, subroute.Errors.Routes...)
	}
	return nil
}

// advise keeps findings for doctor, and logs them now.
func (e *edge) advise(found []adminapi.Finding) {
	for _, f := range found {
		e.app.found = append(e.app.found, f)
		e.app.logger.Warn(f.Check + ": " + f.Found + "; " + f.Advice)
	}
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (EdgeChecker) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	return next.ServeHTTP(w, r)
}

// leaveToOthers keeps wildcard sites from the hosts that routes of other sites name.
func (e *edge) leaveToOthers(routes caddyhttp.RouteList) {
	for _, s := range e.sites {
		var others []string
		for _, route := range routes {
			if hosts, _ := coverage(route); !slices.Equal(hosts, s.hosts) {
				others = append(others, hosts...)
			}
		}
		s.origins.Except(others)
	}
}

// open puts the edge together with the sites as they run.
func (e *edge) open() {
	running := &runningEdge{sites: make(map[*gate.Site]*runningSite)}
	var sites []*gate.Site
	for _, s := range e.sites {
		site := s.running.Load()
		sites = append(sites, site.gate)
		running.sites[site.gate] = site
	}
	running.Edge = gate.NewEdge(sites...)
	running.Behind = func(r *http.Request) *gate.Site {
		if s := e.siteBehind(r); s != nil {
			return s.running.Load().gate
		}
		return nil
	}
	e.running.Store(running)
}

func (a *App) newEdge() *edge {
	e := &edge{app: a}
	e.behind = sync.OnceValue(e.gatedRoutes)
	e.bare = sync.OnceValue(func() *gate.Edge {
		var names []*gate.Site
		for _, s := range e.sites {
			names = append(names, gate.NewSite(gate.Origins{}, nil, nil, s.blocks()...))
		}
		return gate.NewEdge(names...)
	})
	a.edges = append(a.edges, e)
	return e
}

// visitVar is where the visit of a request lies from the edge on.
const visitVar = "doorpost.visit"

// meet begins the visit of a request, unless it has begun. The error says why the
// store cannot be opened, which is of no matter to a host that no site has.
func (e *edge) meet(r *http.Request) (*gate.Visit, error) {
	vars, _ := r.Context().Value(caddyhttp.VarsCtxKey).(map[string]any)
	if visit, met := vars[visitVar].(*gate.Visit); met {
		return visit, nil
	}
	visit, err := e.arrive(r)
	if vars != nil && err == nil {
		vars[visitVar] = visit
	}
	return visit, err
}

func (e *edge) arrive(r *http.Request) (*gate.Visit, error) {
	if running := e.running.Load(); running != nil {
		return running.Arrive(r), nil
	}
	if _, err := e.app.open(); err != nil {
		named := slices.ContainsFunc(e.sites, func(s *site) bool { return s.origins.Has(r.Host) })
		if named || e.siteBehind(r) != nil {
			return nil, err
		}
		return e.bare().Arrive(r), nil
	}
	return e.running.Load().Arrive(r), nil
}

// frontEdge stands before all routes of a server, ours or not.
type frontEdge struct {
	edge   *edge
	routes caddyhttp.RouteList
	chain  func(next caddyhttp.Handler) caddyhttp.Handler
}

// first makes a route of ours that stands before others.
func (e *edge) first(ctx caddy.Context, handler caddyhttp.MiddlewareHandler) (caddyhttp.RouteList, error) {
	route := caddyhttp.Route{Handlers: []caddyhttp.MiddlewareHandler{handler}}
	if err := route.ProvisionHandlers(ctx, nil); err != nil {
		return nil, fmt.Errorf("putting the gate before all routes: %w", err)
	}
	return caddyhttp.RouteList{route}, nil
}

// nothing is what comes behind all routes of a server.
var nothing = caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return nil })

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (f *frontEdge) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	visit, err := f.edge.meet(r)
	if err != nil {
		return unopened(w, err)
	}
	if visit.Site() != nil && f.edge.answers(w, r, visit) {
		return nil
	}
	return f.chain(next).ServeHTTP(w, r)
}

// answers reports whether a request to a site was answered at the edge: one for a page
// of ours, one that no app gets, and one whose path has two readings, if it is not let
// in by every block of the site, whatever handle it takes.
func (e *edge) answers(w http.ResponseWriter, r *http.Request, visit *gate.Visit) bool {
	running, sent := e.running.Load(), targetOf(r)
	door := running.sites[visit.Site()]
	switch {
	case gate.IsOwnPath(sent.Path):
		door.web.Serve(w, r, sent.Path, visit, clientIP(r))
		return true
	case gate.IsForNoApp(r):
		door.web.Refuse(w, r, sent.URI(), gate.Forbidden, visit)
		return true
	case !door.partly || gate.IsPlainURL(sent.URL):
		return false
	}
	verdict, at, _ := running.Clears(visit, r, sent.URL)
	if verdict == gate.Pass || verdict == gate.PassUnnamed {
		return false
	}
	running.sites[at.Site()].web.Refuse(w, r, sent.URI(), verdict, at)
	return true
}

// errorEdge stands before all error routes of a server. Caddy runs those for requests
// that fail before they reach the gate: what they show needs a session like anything
// else, and without one the answer is the bare error (caddyserver/caddy#3476).
type errorEdge struct{ edge *edge }

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (s errorEdge) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	visit, err := s.edge.meet(r)
	switch {
	case err != nil:
	case visit.Site() == nil:
		return next.ServeHTTP(w, r)
	default:
		verdict, at, err := s.edge.running.Load().Clears(visit, r, targetOf(r).URL)
		if err == nil && verdict == gate.Pass {
			return s.edge.running.Load().sites[at.Site()].handlers[0].passOn(at, w, r, next)
		}
		if err == nil && verdict == gate.PassUnnamed {
			return next.ServeHTTP(w, r)
		}
	}
	status := http.StatusInternalServerError
	if failed, ok := r.Context().Value(caddyhttp.ErrorCtxKey).(caddyhttp.HandlerError); ok && failed.StatusCode != 0 {
		status = failed.StatusCode
	}
	w.WriteHeader(status)
	return nil
}

var (
	_ caddy.Provisioner           = EdgeChecker{}
	_ caddyhttp.MiddlewareHandler = EdgeChecker{}
)

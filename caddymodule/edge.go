package caddymodule

import (
	"encoding/json"
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
// directive: it stands before all routes of each site there, and before the error
// routes. Pages of ours are answered there; everything else goes on without any claim
// to an identity.
type edge struct {
	app     *App
	server  *caddyhttp.Server // nil where there is none
	sites   []*site
	bare    func() *gate.Edge // for while the store cannot be opened: it knows the names of headers, and no site
	running atomic.Pointer[runningEdge]
}

// runningEdge is an edge once the app runs.
type runningEdge struct {
	*gate.Edge
	sites map[*gate.Site]*runningSite
}

// edgeOf is the edge of the server that is being provisioned. The first handler of
// ours there has it built in as soon as all routes are known: named routes are
// provisioned after the others, and this one does nothing else.
func (a *App) edgeOf(ctx caddy.Context) *edge {
	server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if !ok {
		return a.newEdge()
	}
	if e := a.edgeAt(server); e != nil {
		return e
	}
	e := a.newEdge()
	e.server = server
	if server.Errors != nil {
		first := caddyhttp.Route{Handlers: []caddyhttp.MiddlewareHandler{errorEdge{e}}}
		server.Errors.Routes = append(caddyhttp.RouteList{first}, server.Errors.Routes...)
	}
	if server.NamedRoutes == nil {
		server.NamedRoutes = make(map[string]*caddyhttp.Route)
	}
	server.NamedRoutes[edgeRoute] = &caddyhttp.Route{HandlersRaw: []json.RawMessage{[]byte(`{"handler":"doorpost_edge"}`)}}
	return e
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

// edgeRoute is the named route that builds the edge in. No configuration has the name.
const edgeRoute = "doorpost edge"

// EdgeBuilder builds the edge into the routes of a server. The module puts it into the
// configuration by itself; written by hand it does nothing.
type EdgeBuilder struct{}

// CaddyModule implements caddy.Module.
func (EdgeBuilder) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.doorpost_edge", New: func() caddy.Module { return new(EdgeBuilder) }}
}

// Provision puts the edge before the routes of each site of the server. In a
// Caddyfile a site is a route with one subroute, whose routes are put together for
// each request.
func (EdgeBuilder) Provision(ctx caddy.Context) error {
	app, err := ctx.AppIfConfigured("doorpost")
	server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if err != nil || !ok {
		return nil
	}
	e := app.(*App).edgeAt(server)
	if e == nil {
		return nil
	}
	e.leaveToOthers(server.Routes)
	for _, route := range server.Routes {
		for _, handler := range route.Handlers {
			subroute, ok := handler.(*caddyhttp.Subroute)
			if !ok {
				continue
			}
			if err := checkOrder(subroute.Routes); err != nil {
				return err
			}
			e.advise(adviseOnRewrites(subroute.Routes))
			first := caddyhttp.Route{Handlers: []caddyhttp.MiddlewareHandler{&siteEdge{e, subroute.Routes, subroute.Routes.Compile(onward)}}}
			if err := first.ProvisionHandlers(ctx, nil); err != nil {
				return fmt.Errorf("putting the gate before all routes: %w", err)
			}
			subroute.Routes = caddyhttp.RouteList{first}
		}
	}
	e.advise(e.adviseOnPaths(ctx))
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
func (EdgeBuilder) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
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
	e.running.Store(running)
}

func (a *App) newEdge() *edge {
	e := &edge{app: a}
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
		for _, s := range e.sites {
			if s.origins.Has(r.Host) {
				return nil, err
			}
		}
		return e.bare().Arrive(r), nil
	}
	return e.running.Load().Arrive(r), nil
}

// siteEdge stands before all routes of a site, ours or not.
type siteEdge struct {
	edge   *edge
	routes caddyhttp.RouteList
	chain  caddyhttp.Handler // of the routes, put together once; Caddy's subroute does it for each request
}

// nextVar is where what comes behind the routes of a site lies while they are at work:
// it is another for each request, and they are the same.
const nextVar = "doorpost.next"

var onward = caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
	next, _ := caddyhttp.GetVar(r.Context(), nextVar).(caddyhttp.Handler)
	return next.ServeHTTP(w, r)
})

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (s *siteEdge) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	visit, err := s.edge.meet(r)
	if err != nil {
		return unopened(w, err)
	}
	if sent := targetOf(r); visit.Site() != nil && gate.IsOwnPath(sent.Path) {
		s.edge.running.Load().sites[visit.Site()].web.Serve(w, r, sent.Path, visit, clientIP(r))
		return nil
	}
	vars := r.Context().Value(caddyhttp.VarsCtxKey).(map[string]any)
	outer := vars[nextVar]
	vars[nextVar] = next
	err = s.chain.ServeHTTP(w, r)
	vars[nextVar] = outer
	return err
}

// errorEdge stands before all error routes of a server. Caddy runs those for requests
// that fail before they reach the gate: what they show needs a session like anything
// else, and without one the answer is the bare error (caddyserver/caddy#3476).
type errorEdge struct{ edge *edge }

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (s errorEdge) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	visit, err := s.edge.meet(r)
	if err == nil && (visit.Site() == nil || visit.Clears(r, targetOf(r).URL)) {
		return next.ServeHTTP(w, r)
	}
	status := http.StatusInternalServerError
	if failed, ok := r.Context().Value(caddyhttp.ErrorCtxKey).(caddyhttp.HandlerError); ok && failed.StatusCode != 0 {
		status = failed.StatusCode
	}
	w.WriteHeader(status)
	return nil
}

var (
	_ caddy.Provisioner           = EdgeBuilder{}
	_ caddyhttp.MiddlewareHandler = EdgeBuilder{}
)

package caddymodule

import (
	"net/http"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
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
	checked bool                // the routes
	behind  func() []gatedRoute // the routes of the server that a handler of ours stands in
	bare    func() *gate.Edge   // for while the store cannot be opened: it knows the names of headers, and no site
	running atomic.Pointer[runningEdge]
}

// runningEdge is an edge once the app runs.
type runningEdge struct {
	*gate.Edge
	sites map[*gate.Site]*runningSite
	split split // of all sites
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
	if err := e.standBeforeRoutes(ctx); err != nil {
		return nil, err
	}
	if err := e.standBeforeErrors(ctx); err != nil {
		return nil, err
	}
	haveChecked(server)
	return e, nil
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

// open puts the edge together with the sites as they run.
func (e *edge) open() {
	running := &runningEdge{sites: make(map[*gate.Site]*runningSite)}
	var sites []*gate.Site
	for _, s := range e.sites {
		site := s.running.Load()
		sites = append(sites, site.gate)
		running.sites[site.gate] = site
		running.split = running.split.or(site.split)
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

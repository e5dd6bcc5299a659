package caddymodule

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/gate"
)

// standBeforeRoutes puts one route of ours in the place of all routes of the server.
// Caddy goes on to provision those, and then puts its chain together of ours.
//
// Once it has done that, which is when the first handler of ours stands in an error
// route or a named route, only the contents of subroutes can be replaced.
func (e *edge) standBeforeRoutes(ctx caddy.Context) error {
	if e.isEarly() {
		// Put together once: what comes behind is the same for each request.
		chain := sync.OnceValue(func() caddyhttp.Handler { return e.routes.Compile(nothing) })
		front, err := e.first(ctx, &frontEdge{e, e.routes, func(caddyhttp.Handler) caddyhttp.Handler { return chain() }})
		e.server.Routes = front
		return err
	}
	return contents(e.routes, func(subroute *caddyhttp.Subroute) error {
		front, err := e.first(ctx, &frontEdge{e, subroute.Routes, subroute.Routes.Compile})
		subroute.Routes = front
		return err
	})
}

// standBeforeErrors does the same for error routes, whose chain Caddy puts together
// before it comes to named routes.
func (e *edge) standBeforeErrors(ctx caddy.Context) error {
	if e.server.Errors == nil {
		return nil
	}
	routes := &e.server.Errors.Routes
	if !e.isEarly() && slices.ContainsFunc(*routes, isBeingProvisioned) {
		// The first handler of ours stands in an error route, the site has none: it
		// protects its error pages and nothing else.
		return nil
	}
	first, err := e.first(ctx, errorEdge{e})
	if err != nil {
		return err
	}
	if e.isEarly() {
		*routes = append(first, *routes...)
		return nil
	}
	return contents(*routes, func(subroute *caddyhttp.Subroute) error {
		subroute.Routes = append(slices.Clone(first), subroute.Routes...)
		return nil
	})
}

// contents calls f with each subroute that stands in routes. It fails if anything else
// stands there.
func contents(routes caddyhttp.RouteList, f func(*caddyhttp.Subroute) error) error {
	for _, route := range routes {
		for _, handler := range route.Handlers {
			subroute, ok := handler.(*caddyhttp.Subroute)
			if !ok {
				return fmt.Errorf("doorpost stands in a named route or in handle_errors only, where it cannot protect what the site does before, and %s stands in a route of the server itself; give the site an address with a host, in JSON put the handlers of that route into a subroute, or write doorpost into the site, too", step{handler: handler}.directive())
			}
			if err := f(subroute); err != nil {
				return err
			}
		}
	}
	return nil
}

// isEarly reports whether Caddy has not put its chain together yet when the first
// handler of ours is provisioned.
func (e *edge) isEarly() bool { return slices.ContainsFunc(e.routes, isBeingProvisioned) }

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
	if visit.IsForNoLog() {
		caddyhttp.SetVar(r.Context(), caddyhttp.LogSkipVar, true) // Caddy's access log has no line for it
	}
	if visit.Site() != nil && f.edge.answers(w, r, visit) {
		return nil
	}
	err = f.chain(next).ServeHTTP(w, r)
	if visit.ForWorker() && visit.Site() != nil {
		f.edge.running.Load().sites[visit.Site()].noteWorker(w.Header(), r)
	}
	return err
}

// answers reports whether a request to a site was answered at the edge: one for a page of
// ours, one that misuses tokens, one that no app gets, and one that has two
// readings, if it is not let in by every block of the site, whatever handle it takes.
func (e *edge) answers(w http.ResponseWriter, r *http.Request, visit *gate.Visit) bool {
	running, sent := e.running.Load(), targetOf(r)
	switch {
	case visit.MisusesTokens():
		countRequest(gate.TokenRefused)
		noteToken(visit, gate.TokenRefused)
		running.sites[visit.Site()].web.Refuse(w, r, sent.URI(), gate.TokenRefused, visit, clientIP(r))
		return true
	case gate.IsOwnPath(sent.Path):
		countRequest(gate.OwnPage)
		running.sites[visit.Site()].web.Serve(w, r, sent.Path, visit, clientIP(r))
		return true
	case gate.IsForNoApp(r):
		countRequest(gate.Forbidden)
		running.sites[visit.Site()].web.Refuse(w, r, sent.URI(), gate.Forbidden, visit, clientIP(r))
		return true
	case running.split == split{} || !running.sites[visit.Site()].hasTwoReadings(r, sent.URL):
		return false
	}
	verdict, at, _ := running.Clears(visit, r, sent.URL)
	if verdict == gate.Pass || verdict == gate.PassUnnamed {
		return false
	}
	countRequest(verdict)
	running.sites[at.Site()].web.Refuse(w, r, sent.URI(), verdict, at, clientIP(r))
	return true
}

// hasTwoReadings reports whether an app may read a request in another way than the routes
// that lead it to a block of the site or past it.
func (s *runningSite) hasTwoReadings(r *http.Request, sent *url.URL) bool {
	return s.split.byPath && !gate.HasPlainPath(r, sent) || s.split.byMethod && !gate.HasPlainMethod(r) || s.split.byQuery && !gate.HasPlainQuery(r)
}

// errorEdge stands before all error routes of a server. Caddy runs those for requests
// that fail before they reach the gate: what they show needs a session like anything
// else, and without one the answer is the bare error (caddyserver/caddy#3476).
type errorEdge struct{ edge *edge }

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (s errorEdge) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	visit, err := s.edge.meet(r)
	if err == nil && visit.Site() == nil {
		return next.ServeHTTP(w, r)
	}
	if err == nil {
		running := s.edge.running.Load()
		switch verdict, at, _ := running.Clears(visit, r, targetOf(r).URL); verdict {
		case gate.Pass:
			return running.sites[at.Site()].handlers[0].passOn(at, w, r, next)
		case gate.PassUnnamed:
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

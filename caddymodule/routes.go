package caddymodule

import (
	"maps"
	"slices"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/intercept"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// fit is for how many of some requests something holds.
type fit int

const (
	never fit = iota
	sometimes
	always
)

func (f fit) not() fit { return always - f }

// walk leads requests through routes as Caddy does.
type walk struct {
	server *caddyhttp.Server
	fits   func(caddyhttp.Route) fit // how many of the requests match a route
	meet   func(step) fit            // how many of them end at a handler
	met    map[string]fit            // the groups of which they met a route
	later  []laterRoutes             // those that handlers on the way lead some to
	short  bool                      // routes that no request comes to are left out
}

// laterRoutes are those after an error, or for some answers.
type laterRoutes struct {
	routes caddyhttp.RouteList
	from   step
}

// step is a handler that requests come to.
type step struct {
	handler caddyhttp.MiddlewareHandler
	on      []caddyhttp.Route // those it stands in, the outermost first
	reach   fit               // how many of the requests come to it
	invoked int               // named routes on the way
	later   bool              // in routes after an error, or for some answers
	errors  bool              // in the error routes of the server
}

// maxInvoked bounds how deep named routes invoke others: some invoke themselves.
const maxInvoked = 8

// followAll leads requests through the routes of the server, and then through those after
// errors and for some answers: whatever happened before counts there.
func (w *walk) followAll() {
	w.follow(w.server.Routes, step{reach: always})
	if w.server.Errors != nil {
		w.later = append(w.later, laterRoutes{w.server.Errors.Routes, step{reach: sometimes, later: true, errors: true}})
	}
	for ; len(w.later) > 0; w.later = w.later[1:] {
		for group := range w.met {
			w.met[group] = sometimes
		}
		w.follow(w.later[0].routes, w.later[0].from)
	}
}

// follow leads requests that come from a step through routes, and returns how many of them
// end there. What it notes of groups is about those that go on.
func (w *walk) follow(routes caddyhttp.RouteList, from step) (ended fit) {
	if w.met == nil {
		w.met = make(map[string]fit)
	}
	for _, route := range configured(routes) {
		fits := w.fits(route)
		if fits == never {
			continue
		}
		enter := min(fits, w.met[route.Group].not())
		if w.short && min(from.reach, enter, ended.not()) == never {
			continue
		}
		before := maps.Clone(w.met)
		if route.Group != "" {
			w.met[route.Group] = always
		}
		inside := from
		inside.on, inside.reach = append(slices.Clip(from.on), route), min(from.reach, enter, ended.not())
		ends := w.pass(route, inside)
		for group, met := range w.met {
			if enter == never || ends == always {
				w.met[group] = before[group]
			} else if enter == sometimes && met != before[group] {
				w.met[group] = sometimes
			}
		}
		ended = max(ended, min(enter, ends))
	}
	return ended
}

// pass leads requests through the handlers of a route.
func (w *walk) pass(route caddyhttp.Route, at step) (ended fit) {
	reach := at.reach
	for _, handler := range route.Handlers {
		at.handler, at.reach = handler, min(reach, ended.not())
		ended = max(ended, w.meet(at))
		w.later = append(w.later, at.leadsTo()...)
		inside := at
		inside.reach = min(reach, ended.not())
		switch h := handler.(type) {
		case *caddyhttp.Subroute:
			ended = max(ended, w.follow(h.Routes, inside))
		case *caddyhttp.Invoke:
			if named := w.server.NamedRoutes[h.Name]; named != nil && at.invoked < maxInvoked {
				inside.invoked++
				ended = max(ended, w.follow(caddyhttp.RouteList{*named}, inside))
			}
		}
	}
	if route.Terminal {
		return always
	}
	return ended
}

// leadsTo are the routes that a handler leads requests to after an error, or for some answers.
func (s step) leadsTo() (lists []laterRoutes) {
	from := s
	from.later = true
	switch h := s.handler.(type) {
	case *caddyhttp.Subroute:
		if h.Errors != nil {
			lists = append(lists, laterRoutes{h.Errors.Routes, from})
		}
	case *intercept.Intercept:
		for _, response := range h.HandleResponse {
			lists = append(lists, laterRoutes{response.Routes, from})
		}
	case *reverseproxy.Handler:
		for _, response := range h.HandleResponse {
			lists = append(lists, laterRoutes{response.Routes, from})
		}
	}
	return lists
}

// everyStep calls see with each handler in routes of a server, whatever leads to it.
func everyStep(server *caddyhttp.Server, routes caddyhttp.RouteList, see func(step)) {
	w := walk{server: server, fits: func(caddyhttp.Route) fit { return sometimes }, meet: func(s step) fit {
		see(s)
		return never
	}}
	w.follow(routes, step{reach: always})
}

// configured are routes as they stand in the configuration, without the edge.
func configured(routes caddyhttp.RouteList) caddyhttp.RouteList {
	if len(routes) == 1 && len(routes[0].Handlers) == 1 {
		if front, ok := routes[0].Handlers[0].(*frontEdge); ok {
			return front.routes
		}
	}
	return routes
}

package caddymodule

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/fileserver"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"
)

// course is what becomes of an example of a request, from somebody who is not signed in.
type course struct {
	gate    *Handler        // the first block that needs a session for it
	at      step            // where that stands
	public  bool            // a block on the way names its path
	asked   bool            // something else on the way asks who sends it
	answer  step            // what answers it; no handler: nothing does
	sources []contentSource // of the answer
	uri     string          // as the answer gets it
	moved   step            // what first changes the request, or would
	later   []course        // of an open one: after an error, or for some answers

	how    reading
	before []step
}

// reading is how an example of a request is led.
type reading int

const (
	asRouted     reading = iota // as Caddy does, with every file there that try_files looks for first
	asSent                      // nothing changes the request
	asAsked                     // handle_path alone does
	withoutFiles                // try_files finds the last one alone
)

// passing are the handlers that answer no request. One that is not known
// here may.
var passing = []string{
	"copy_response", "copy_response_headers", portalHandler, "encode", "headers", "intercept", "invoke", "log_append",
	"map", "push", "request_body", "rewrite", "subroute", "templates", "timeouts", "tracing", "vars",
}

// lead leads a request to a site through the routes of the server.
func (e *edge) lead(s *site, r *http.Request, how reading) (c course) {
	sent := *r.URL
	c.how = how
	w := walk{server: e.server, short: true, fits: func(route caddyhttp.Route) fit {
		if matches, err := how.matchersOf(route).AnyMatchWithError(r); err == nil && (matches || isPHP(route)) {
			return always
		}
		return never
	}, meet: func(s step) fit { return c.meet(s, r, &sent) }}
	w.follow(s.routes, step{reach: always})
	if c.gate != nil && c.gate.site != s {
		return course{}
	}
	c.end(r)
	if c.gate == nil {
		c.later = e.leadLater(s, r, &sent, w, c)
	}
	return c
}

// leadLater leads a request that came to no gate on, after an error or for some answers. The
// error routes of a site with a gate are guarded.
func (e *edge) leadLater(s *site, r *http.Request, sent *url.URL, w walk, open course) (all []course) {
	lists, asked, header := w.later, *r.URL, r.Header.Clone()
	if e.server.Errors != nil {
		lists = append(lists, laterRoutes{e.server.Errors.Routes, step{reach: always, errors: true}})
	}
	for _, list := range lists {
		if _, below := list.from.handler.(*caddyhttp.Subroute); (below || list.from.errors) && len(s.handlers) > 0 {
			continue
		}
		c := course{how: open.how, before: slices.Clip(open.before)}
		w.met, w.meet = nil, func(s step) fit { return c.meet(s, r, sent) }
		w.follow(list.routes, list.from)
		c.end(r)
		all, *r.URL, r.RequestURI, r.Header = append(all, c), asked, asked.RequestURI(), header.Clone()
	}
	return all
}

// end notes what answers a request, as it is then.
func (c *course) end(r *http.Request) {
	replacer := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if c.answer.handler != nil {
		c.sources = each(c.answer.sources(c.before), func(s contentSource) contentSource {
			s.from, s.folder = replacer.ReplaceKnown(s.from, ""), replacer.ReplaceKnown(s.folder, "")
			return s
		})
	}
	c.uri = r.URL.RequestURI()
}

// isPHP reports whether a route is the one of php_fastcgi for scripts, by their paths. Requests
// for all else come to it, too, by what they are rewritten to if there is no such file.
func isPHP(route caddyhttp.Route) bool {
	if len(route.MatcherSets) != 1 || len(route.MatcherSets[0]) != 1 || len(route.Handlers) != 1 || (step{handler: route.Handlers[0]}).directive() != "php_fastcgi" {
		return false
	}
	paths := pathsOf(route.MatcherSets)
	return len(paths) > 0 && !slices.ContainsFunc(paths, func(path string) bool { return !strings.HasPrefix(path, "*.") })
}

// meet notes what a handler does to a request that comes to it, and reports whether that ends
// there. Files are not looked for: others may be there tomorrow.
func (c *course) meet(s step, r *http.Request, sent *url.URL) fit {
	if s.reach != always {
		return never
	}
	c.before = append(c.before, s)
	switch h := s.handler.(type) {
	case *Handler:
		if needed, err := h.block.NeedsSession(r, sent); c.gate == nil && (needed || err != nil) {
			c.gate, c.at = h, s
		}
		c.public = c.public || h.block.IsPublic(r, sent)
		return never
	case *caddyhttp.StaticError:
		c.answer = step{}
		return always
	case errorEdge:
		return never
	}
	c.change(s, r)
	switch name := s.directive(); {
	case name == "authentication", name == "forward_auth":
		c.asked = true
	case !slices.Contains(passing, name):
		c.answer = s
	}
	return s.ends()
}

// change changes a request as a handler does that it comes to.
func (c *course) change(s step, r *http.Request) {
	if name := s.directive(); name == "map" || name == "vars" {
		_ = s.handler.ServeHTTP(nil, r, nothing)
	}
	to, rewrites := s.rewrite()
	h, sets := s.handler.(*headers.Handler)
	sets = sets && h.Request != nil
	rest, ofFiles := strings.CutPrefix(to.URI, foundFile)
	if !rewrites && !sets || ofFiles && c.how == asRouted {
		return
	}
	if ofFiles {
		to.URI = "/" + strings.TrimPrefix(lastTried(s.on[len(s.on)-1]), "/") + rest
	}
	cuts, asked := to.StripPathPrefix != "" && s.isHandlePath(), r.URL.RequestURI()
	switch {
	case c.how == asSent, c.how == asAsked && !cuts:
	case sets:
		h.Request.ApplyToRequest(r)
	default:
		to.Rewrite(r, r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer))
	}
	if c.moved.handler == nil && (sets || c.how == asSent || c.how == asAsked && !cuts || r.URL.RequestURI() != asked) {
		c.moved = s
	}
}

// matchersOf are those of a route: try_files may find the last file alone, whatever is there today.
func (how reading) matchersOf(route caddyhttp.Route) caddyhttp.MatcherSets {
	if how == asRouted || lastTried(route) == "" {
		return route.MatcherSets
	}
	return each(route.MatcherSets, func(set caddyhttp.MatcherSet) caddyhttp.MatcherSet {
		return slices.DeleteFunc(slices.Clone(set), func(matcher any) bool {
			_, tries := matcher.(*fileserver.MatchFile)
			return tries
		})
	})
}

// lastTried is the file that try_files takes if no other is there; "" for another route, and
// where it takes none then.
func lastTried(route caddyhttp.Route) string {
	if !slices.ContainsFunc(route.Handlers, func(h caddyhttp.MiddlewareHandler) bool {
		to, _ := step{handler: h}.rewrite()
		return strings.HasPrefix(to.URI, foundFile)
	}) {
		return ""
	}
	tried := triedFiles(route)
	if len(tried) == 0 || len(placeholdersIn(tried[len(tried)-1])) > 0 {
		return ""
	}
	return tried[len(tried)-1]
}

// isOpen reports whether somebody who is not signed in gets more than a fixed answer.
func (c course) isOpen() bool {
	return c.gate == nil && !c.public && !c.asked && c.answer.handler != nil && !c.answer.isFixed()
}

// opens reports whether somebody who is not signed in gets an answer from what answers another
// request only with a session, and more than a fixed one.
func (c course) opens(closed course) bool {
	if closed.gate == nil || !c.isOpen() {
		return false
	}
	return haveCommon(c.sources, closed.sources)
}

// isFixed reports whether a step answers the same to all who ask.
func (s step) isFixed() bool {
	_, static := s.handler.(*caddyhttp.StaticResponse)
	return static && s.serves(nil) == ""
}

// courseOf is that of a request for a path at the first of the origins of a site.
func (e *edge) courseOf(ctx context.Context, s *site, method, path string) course {
	return e.courseTo(ctx, s, method, s.name()+path, "", asRouted)
}

// courseAs is that of a request for a path that is led in another way.
func (e *edge) courseAs(ctx context.Context, s *site, path string, how reading) course {
	return e.courseTo(ctx, s, http.MethodGet, s.name()+path, "", how)
}

// courseTo is that of a request for a URL of a site, with a Host unless that is "". It is empty
// where no request is for the URL, or for a gate of another site.
func (e *edge) courseTo(ctx context.Context, s *site, method, to, host string, how reading) course {
	r, err := s.example(ctx, method, to)
	if err != nil {
		return course{}
	}
	r.Host = cmp.Or(host, r.Host)
	return e.lead(s, r, how)
}

// routesFor are those routes of the server that requests to some hosts may match by their Host.
func (e *edge) routesFor(hosts []string) caddyhttp.RouteList {
	some := requests{hosts: hosts}
	return slices.DeleteFunc(slices.Clone(configured(e.routes)), func(route caddyhttp.Route) bool { return some.match(route.MatcherSets) == never })
}

// example is a request for a URL of the site, in which * stands for any label.
func (s *site) example(ctx context.Context, method, to string) (*http.Request, error) {
	target, err := url.Parse(strings.Replace(to, "*", "any", 1))
	if err != nil {
		return nil, err
	}
	r, err := requestFor(ctx, s.edge.server, target, "192.0.2.1:0") // from elsewhere
	if err == nil {
		r.Method = method
	}
	return r, err
}

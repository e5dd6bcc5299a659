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

	before []step
}

// passing are the handlers that answer no request. One that is not known
// here may.
var passing = []string{
	"copy_response", "copy_response_headers", portalHandler, "encode", "headers", "intercept", "invoke", "log_append",
	"map", "push", "request_body", "rewrite", "subroute", "templates", "timeouts", "tracing", "vars",
}

// lead leads a request to a site through the routes of the server.
func (e *edge) lead(s *site, r *http.Request) (c course) {
	sent := *r.URL
	w := walk{server: e.server, short: true, fits: func(route caddyhttp.Route) fit {
		if matches, err := route.MatcherSets.AnyMatchWithError(r); err == nil && (matches || isPHP(route)) {
			return always
		}
		return never
	}, meet: func(s step) fit {
		if s.reach != always {
			return never
		}
		return c.meet(s, r, &sent)
	}}
	w.follow(s.routes, step{reach: always})
	if c.answer.handler != nil {
		c.sources = c.answer.sources(c.before)
	}
	c.uri = r.URL.RequestURI()
	return c
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
	}
	if to, rewrites := s.rewrite(); rewrites && !strings.HasPrefix(to.URI, foundFile) {
		to.Rewrite(r, r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer))
	}
	switch name := s.directive(); {
	case name == "authentication", name == "forward_auth":
		c.asked = true
	case !slices.Contains(passing, name):
		c.answer = s
	}
	return s.ends()
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
	return e.courseTo(ctx, s, method, s.name()+path, "")
}

// courseTo is that of a request for a URL of a site, with a Host unless that is "". It is empty
// where no request is for the URL, or for a gate of another site.
func (e *edge) courseTo(ctx context.Context, s *site, method, to, host string) course {
	r, err := s.example(ctx, method, to)
	if err != nil {
		return course{}
	}
	r.Host = cmp.Or(host, r.Host)
	c := e.lead(s, r)
	if c.gate != nil && c.gate.site != s {
		return course{}
	}
	return c
}

// routesFor are those routes of the server that requests to a site may match by their Host.
func (e *edge) routesFor(s *site) caddyhttp.RouteList {
	some := requests{hosts: s.originHosts()}
	return slices.DeleteFunc(slices.Clone(configured(e.routes)), func(route caddyhttp.Route) bool { return some.match(route.MatcherSets) == never })
}

// example is a request for a URL of the site, in which * stands for any label.
func (s *site) example(ctx context.Context, method, to string) (*http.Request, error) {
	target, err := url.Parse(strings.Replace(to, "*", "any", 1))
	if err != nil {
		return nil, err
	}
	r, err := s.handlers[0].requestFor(ctx, target)
	if err == nil {
		r.Method = method
	}
	return r, err
}

// findPaths are the patterns of paths that the routes which requests to a site come to match,
// and the blocks in them, as visitors ask for them: with what handle_path or uri strip_prefix
// cuts off before.
func (e *edge) findPaths(s *site) (patterns []string) {
	var cuts []step
	seen := make(map[string]bool)
	e.walkTo(requests{hosts: s.originHosts()}, func(at step) fit {
		if at.reach == never || at.later {
			return never
		}
		note := func(sets caddyhttp.MatcherSets) {
			for _, pattern := range pathsOf(sets) {
				if pattern = prefixAt(at, cuts) + pattern; !seen[pattern] {
					seen[pattern], patterns = true, append(patterns, pattern)
				}
			}
		}
		note(at.on[len(at.on)-1].MatcherSets)
		if h, ok := at.handler.(*Handler); ok {
			note(h.matchers)
		}
		if to, _ := at.rewrite(); to.StripPathPrefix != "" {
			cuts = append(cuts, at)
		}
		return never
	})
	return patterns
}

// prefixAt is what steps before another have cut off the path that it sees.
func prefixAt(at step, cuts []step) (prefix string) {
	for _, cut := range cuts {
		if to, _ := cut.rewrite(); at.isBeside(cut) {
			prefix += "/" + strings.Trim(to.StripPathPrefix, "/")
		}
	}
	return prefix
}

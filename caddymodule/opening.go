package caddymodule

import (
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// opening is what a block lets pass without a session: one of its public paths, or all
// that its matcher of paths leaves out.
type opening struct {
	gate   *Handler
	at     step   // where the block stands
	public string // "" for what the matcher leaves out
}

// openBlock are the openings of one block, and what the checks of them share.
type openBlock struct {
	edge    *edge
	gate    *Handler
	all     []opening
	answers []served          // to all requests to the site
	closed  map[bool][]served // those to requests that need a session, by whether some paths are public
}

// openings are those of all blocks of the server, each block once.
func (e *edge) openings() (all []*openBlock) {
	e.walkTo(requests{}, func(s step) fit {
		h, ours := s.handler.(*Handler)
		if !ours || slices.ContainsFunc(all, func(other *openBlock) bool { return other.gate == h }) {
			return never
		}
		of := &openBlock{edge: e, gate: h, closed: make(map[bool][]served)}
		for _, public := range h.Public {
			of.all = append(of.all, opening{h, s, public})
		}
		if splitOf(h.matchers).byPath {
			of.all = append(of.all, opening{h, s, ""})
		}
		all = append(all, of)
		return never
	})
	return all
}

// walkTo leads requests through all routes of the server, those after errors included.
func (e *edge) walkTo(some requests, meet func(step) fit) {
	w := walk{server: e.server, fits: func(route caddyhttp.Route) fit { return some.match(route.MatcherSets) }, meet: meet}
	w.followAll()
}

// includes reports whether all paths that a pattern stands for are open. Where a matcher is
// more than a list of paths, an example tells.
func (o opening) includes(pattern string) bool {
	if o.public != "" {
		return pathIn(o.gate.Public, pattern) == always
	}
	return pathIn(pathsOf(o.gate.matchers), pattern) == never &&
		o.gate.site.edge.courseOf(o.gate.app.ctx, o.gate.site, http.MethodGet, examplePath(pattern)).gate == nil
}

// isOne reports whether it is a single path, by which people mean what it leads to.
func (o opening) isOne() bool { return o.public != "" && !strings.HasSuffix(o.public, "*") }

// holds reports whether a step is for open paths only, by the routes that it stands in.
func (o opening) holds(s step) bool {
	return slices.ContainsFunc(s.on, func(route caddyhttp.Route) bool { return isWithin(route, o.includes) })
}

// isWithin reports whether a route is only for paths of patterns of which all hold something.
func isWithin(route caddyhttp.Route, holds func(pattern string) bool) bool {
	return len(route.MatcherSets) > 0 && !slices.ContainsFunc(route.MatcherSets, func(set caddyhttp.MatcherSet) bool {
		patterns := pathsOf(caddyhttp.MatcherSets{set})
		return len(patterns) == 0 || slices.ContainsFunc(patterns, func(pattern string) bool { return !holds(pattern) })
	})
}

// passed are the steps to which requests come that the block has let pass here.
func (e *edge) passed(o opening) (steps []step) {
	some, came := requests{hosts: o.gate.site.originHosts()}, false
	if o.public != "" {
		some.paths = []string{o.public}
	}
	w := walk{server: e.server, short: true, fits: func(route caddyhttp.Route) fit {
		fits := some.match(route.MatcherSets)
		if fits == sometimes && slices.ContainsFunc(o.at.on, func(on caddyhttp.Route) bool { return isSame(on, route) }) {
			return always // those are meant that come to the block
		}
		return fits
	}, meet: func(s step) fit {
		if came && s.reach != never && !o.misses(s, some, steps) {
			steps = append(steps, s)
		}
		came = came || s.handler == o.at.handler
		return s.ends()
	}}
	w.followAll()
	return steps
}

// misses reports whether no request that the matcher leaves out comes to a step: it stands in
// a route for what the matcher protects, and nothing before it makes another path.
func (o opening) misses(s step, site requests, before []step) bool {
	if o.public != "" {
		return false
	}
	protected := func(pattern string) bool {
		return requests{hosts: site.hosts, paths: []string{pattern}}.match(o.gate.matchers) == always
	}
	return slices.ContainsFunc(s.on, func(route caddyhttp.Route) bool { return isWithin(route, protected) }) &&
		!slices.ContainsFunc(before, func(b step) bool {
			_, rewrites := b.rewrite()
			return rewrites && s.mayFollow(b)
		})
}

// mayFollow reports whether a request may come to a step after another one: not where both
// stand in routes of one group, such as two handles, of which a request enters one.
func (s step) mayFollow(before step) bool {
	for i := range min(len(s.on), len(before.on)) {
		if a, b := before.on[i], s.on[i]; !isSame(a, b) {
			return s.later || a.Group == "" || a.Group != b.Group
		}
	}
	return true
}

// isSame reports whether two routes are one of the configuration, which stands in it once.
func isSame(a, b caddyhttp.Route) bool {
	return len(a.Handlers) > 0 && len(b.Handlers) > 0 && &a.Handlers[0] == &b.Handlers[0]
}

// isBeside reports whether a step stands in the list of routes of another, or below that.
func (s step) isBeside(other step) bool {
	lists := other.on[:len(other.on)-1]
	return len(s.on) > len(lists) && slices.EqualFunc(s.on[:len(lists)], lists, isSame)
}

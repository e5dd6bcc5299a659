package caddymodule

import (
	"encoding/json"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/intercept"
	"golang.org/x/net/idna"
)

// The names of ours among handlers and directives.
const (
	gateHandler   = "doorpost"
	portalHandler = "doorpost_portal"
)

// step is a handler of a route, be it made or not: Caddy makes named routes in no order,
// and forgets how they were written.
type step struct {
	name    string // of the module, without http.handlers
	routes  caddyhttp.RouteList
	later   caddyhttp.RouteList // after an error, or for some answers
	invokes string              // the named route
	body    string              // of an answer without an app
	request *headers.HeaderOps
}

// placeholder is one in a text, where a brace of JSON is none.
var placeholder = regexp.MustCompile(`\{([A-Za-z_][^{}\s"]*)\}`)

// harmless are the placeholders that nobody who asks has a say in, as they begin.
var harmless = []string{"system.", "time.", "env.", "http.error.status_", "http.error.id", "http.request.uuid", "http.vars.client_ip", "http.request.remote"}

// serves is the directive of a step that serves more than a fixed answer, "" for any other.
func (s step) serves() string {
	switch s.name {
	case "templates":
		return s.name
	case "static_response":
		for _, name := range placeholder.FindAllStringSubmatch(s.body, -1) {
			if !slices.ContainsFunc(harmless, func(prefix string) bool { return strings.HasPrefix(name[1], prefix) }) {
				return "respond with {" + name[1] + "}"
			}
		}
		return ""
	}
	return content[caddy.ModuleID("http.handlers."+s.name)]
}

// changesHost reports whether requests have another host behind the step.
func (s step) changesHost() bool {
	if s.request == nil {
		return false
	}
	names := slices.Concat(slices.Collect(maps.Keys(s.request.Set)), slices.Collect(maps.Keys(s.request.Add)), slices.Collect(maps.Keys(s.request.Replace)), s.request.Delete)
	return slices.ContainsFunc(names, func(name string) bool {
		is, err := path.Match(strings.ToLower(name), "host")
		return is || err != nil
	})
}

// stepsOf are the handlers of a route.
func stepsOf(route caddyhttp.Route) (steps []step) {
	for _, handler := range route.Handlers {
		var s step
		switch h := handler.(type) {
		case *caddyhttp.Subroute:
			s.routes = h.Routes
			if h.Errors != nil {
				s.later = h.Errors.Routes
			}
		case *intercept.Intercept:
			for _, response := range h.HandleResponse {
				s.later = slices.Concat(s.later, response.Routes)
			}
		case *headers.Handler:
			s.request = h.Request
		case *caddyhttp.Invoke:
			s.invokes = h.Name
		case *caddyhttp.StaticResponse:
			s.body = h.Body
		case caddyhttp.StaticResponse: // as Caddy adds them by itself
			s.body = h.Body
		}
		if module, ok := handler.(caddy.Module); ok {
			s.name = strings.TrimPrefix(string(module.CaddyModule().ID), "http.handlers.")
		}
		steps = append(steps, s)
	}
	if len(route.Handlers) > 0 {
		return steps
	}
	for _, raw := range route.HandlersRaw {
		var written struct {
			Handler, Name, Body string
			Routes              caddyhttp.RouteList
			Errors              struct{ Routes caddyhttp.RouteList }
			Responses           []struct{ Routes caddyhttp.RouteList } `json:"handle_response"`
			Request             json.RawMessage
		}
		if json.Unmarshal(raw, &written) != nil {
			continue // Caddy says what is wrong when it makes the handler
		}
		s := step{name: written.Handler, routes: written.Routes, later: written.Errors.Routes, invokes: written.Name, body: written.Body}
		for _, response := range written.Responses {
			s.later = slices.Concat(s.later, response.Routes)
		}
		if s.name == "headers" && json.Unmarshal(written.Request, &s.request) != nil {
			s.request = nil
		}
		steps = append(steps, s)
	}
	return steps
}

// setsOf are the matchers of a route. Of one that was not made yet those are known that
// look at hosts and paths.
func setsOf(route caddyhttp.Route) caddyhttp.MatcherSets {
	if len(route.MatcherSets) > 0 {
		return route.MatcherSets
	}
	return readSets(route.MatcherSetsRaw)
}

// asASCII are hosts as Caddy compares them.
func asASCII(hosts []string) []string {
	return each(hosts, func(host string) string {
		if ascii, err := idna.ToASCII(host); err == nil {
			return ascii
		}
		return host
	})
}

// unknownMatcher may match a request, or not.
type unknownMatcher struct {
	caddyhttp.RequestMatcherWithError
}

func readSets(written caddyhttp.RawMatcherSets) (sets caddyhttp.MatcherSets) {
	for _, raw := range written {
		var set caddyhttp.MatcherSet
		for name, value := range raw {
			var list []string
			var below caddyhttp.RawMatcherSets
			switch {
			case name == "host" && json.Unmarshal(value, &list) == nil:
				set = append(set, caddyhttp.MatchHost(asASCII(list)))
			case name == "path" && json.Unmarshal(value, &list) == nil:
				set = append(set, caddyhttp.MatchPath(list))
			case name == "not" && json.Unmarshal(value, &below) == nil:
				set = append(set, caddyhttp.MatchNot{MatcherSets: readSets(below)})
			default:
				set = append(set, unknownMatcher{})
			}
		}
		sets = append(sets, set)
	}
	return sets
}

// hostFit is what matchers make of the requests for a host.
type hostFit struct {
	never, always bool // none of them, all of them
	named         bool // the host is written there
}

// matchHost looks at what matchers make of a host, whatever else they want.
func matchHost(sets caddyhttp.MatcherSets, host string) hostFit {
	if len(sets) == 0 {
		return hostFit{always: true}
	}
	all := hostFit{never: true}
	for _, set := range sets {
		fits := hostFit{always: true}
		for _, matcher := range set {
			one := matchesOf(matcher, host)
			fits.never, fits.always, fits.named = fits.never || one.never, fits.always && one.always, fits.named || one.named
		}
		if !fits.never {
			all.never, all.always, all.named = false, all.always || fits.always, all.named || fits.named
		}
	}
	return all
}

func matchesOf(matcher any, host string) hostFit {
	switch m := matcher.(type) {
	case *caddyhttp.MatchHost:
		return hostIn(*m, host)
	case caddyhttp.MatchHost:
		return hostIn(m, host)
	case *caddyhttp.MatchNot:
		return matchesOf(*m, host)
	case caddyhttp.MatchNot:
		if fits := matchHost(m.MatcherSets, host); len(m.MatcherSets) > 0 {
			return hostFit{never: fits.always, always: fits.never}
		}
	}
	return hostFit{always: isForAll(matcher, nil)}
}

// hostIn is what a list of hosts makes of a host. Placeholders that are known now are
// read, as Caddy does with each request.
func hostIn(list []string, host string) hostFit {
	fits := hostFit{never: true}
	for _, pattern := range list {
		pattern = strings.ToLower(caddy.NewReplacer().ReplaceKnown(pattern, ""))
		switch {
		case strings.EqualFold(pattern, host):
			return hostFit{always: true, named: true}
		case strings.Contains(pattern, "{"):
			fits.never = false
		case coversHost(pattern, host):
			fits = hostFit{always: true}
		}
	}
	return fits
}

// coversHost reports whether a host is one that a pattern with * for any label stands for.
func coversHost(pattern, host string) bool {
	labels, names := strings.Split(pattern, "."), strings.Split(strings.ToLower(host), ".")
	if len(labels) != len(names) {
		return false
	}
	for i, label := range labels {
		if label != "*" && label != names[i] {
			return false
		}
	}
	return true
}

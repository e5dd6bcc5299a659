package caddymodule

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/intercept"
	maphandler "github.com/caddyserver/caddy/v2/modules/caddyhttp/map"
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
	maps    []string // placeholders that get a meaning
	loggers []string // names that log_name gives
}

// harmless are the placeholders of requests that nobody who asks has a say in.
var harmless = []string{"http.error.status_code", "http.error.status_text", "http.error.id", "http.request.uuid", "http.request.remote.host", "http.shutting_down"}

// serves is the directive of a step that serves more than a fixed answer, "" for any other.
// mapped are the placeholders that map has given a meaning.
func (s step) serves(mapped []string) string {
	switch s.name {
	case "templates":
		return s.name
	case "static_response":
		for _, key := range placeholdersIn(s.body) {
			ofRequest := strings.HasPrefix(key, "http.") && !slices.Contains(harmless, key)
			if ofRequest || strings.HasPrefix(key, "file.") || slices.Contains(mapped, "{"+key+"}") {
				return "respond with {" + key + "}"
			}
		}
		return ""
	}
	return content[caddy.ModuleID("http.handlers."+s.name)]
}

// placeholdersIn are those in a text, as Caddy reads it.
func placeholdersIn(text string) (keys []string) {
	reader := caddy.NewEmptyReplacer()
	reader.Map(func(key string) (any, bool) {
		keys = append(keys, key)
		return "", true
	})
	reader.ReplaceAll(text, "")
	return keys
}

// changesHost reports whether requests have another host behind the step.
func (s step) changesHost() bool {
	if s.request == nil {
		return false
	}
	names := slices.Concat(slices.Collect(maps.Keys(s.request.Set)), slices.Collect(maps.Keys(s.request.Add)), slices.Collect(maps.Keys(s.request.Replace)), s.request.Delete)
	return slices.ContainsFunc(names, func(name string) bool {
		is, err := path.Match(strings.ToLower(name), "host")
		return is || err != nil || strings.Contains(name, "{")
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
		case *maphandler.Handler:
			s.maps = h.Destinations
		case *caddyhttp.VarsMiddleware:
			s.loggers = loggersIn((*h)[caddyhttp.AccessLoggerNameVarKey])
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
			Destinations        []string
			Loggers             any `json:"access_logger_names"`
		}
		if json.Unmarshal(raw, &written) != nil {
			continue // Caddy says what is wrong when it makes the handler
		}
		s := step{name: written.Handler, routes: written.Routes, later: written.Errors.Routes, invokes: written.Name, body: written.Body, maps: written.Destinations}
		s.loggers = loggersIn(written.Loggers)
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

// loggersIn are the names of loggers in a variable that log_name has set.
func loggersIn(value any) (names []string) {
	list, _ := value.([]any)
	for _, each := range list {
		if name, ok := each.(string); ok {
			names = append(names, name)
		}
	}
	return names
}

package caddymodule

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// The names of ours among handlers and directives.
const (
	gateHandler   = "doorpost"
	portalHandler = "doorpost_portal"
)

// content are the directives that answer requests by themselves.
var content = []string{"respond", "redir", "abort", "reverse_proxy", "php_fastcgi", "file_server", "metrics", "acme_server"}

// directive is the name of a handler as it is written in a Caddyfile.
func (s step) directive() string {
	switch h := s.handler.(type) {
	case *caddyhttp.StaticResponse:
		switch {
		case h.Abort:
			return "abort"
		case h.Headers.Get("Location") != "":
			return "redir"
		}
		return "respond"
	case *reverseproxy.Handler:
		if transport, ok := h.Transport.(caddy.Module); ok && transport.CaddyModule().ID.Name() == "fastcgi" {
			return "php_fastcgi"
		}
		if len(h.HandleResponse) > 0 && h.Rewrite != nil { // it asks, and goes on with the request
			return "forward_auth"
		}
	}
	if module, ok := s.handler.(caddy.Module); ok {
		return module.CaddyModule().ID.Name()
	}
	return ""
}

// answers reports whether a handler answers requests by itself, as forward_auth does not.
func (s step) answers() bool {
	if proxy, ok := s.handler.(*reverseproxy.Handler); ok && len(proxy.HandleResponse) > 0 {
		return false
	}
	return slices.Contains(content, s.directive())
}

// ends is how many of the requests that come to a handler end there.
func (s step) ends() fit {
	if s.answers() {
		return always
	}
	return never
}

// harmless are the placeholders of requests that nobody who asks has a say in.
var harmless = []string{"http.error.status_code", "http.error.status_text", "http.error.id", "http.request.uuid", "http.request.remote.host", "http.shutting_down"}

// serves is what serves more than a fixed answer at a step, "" for nothing. mapped are the
// placeholders that map gives a meaning.
func (s step) serves(mapped []string) string {
	name := s.directive()
	switch h := s.handler.(type) {
	case *caddyhttp.StaticResponse:
		for _, key := range placeholdersIn(h.Body) {
			ofRequest := strings.HasPrefix(key, "http.") && !slices.Contains(harmless, key)
			if ofRequest || strings.HasPrefix(key, "file.") || slices.Contains(mapped, key) {
				return name + " with {" + key + "}"
			}
		}
		return ""
	case *caddyhttp.Invoke:
		if s.invoked == maxInvoked { // nobody has looked what it leads to
			return name
		}
		return ""
	}
	if slices.Contains(content, name) || slices.Contains([]string{"forward_auth", "templates", gateHandler}, name) {
		return name
	}
	return ""
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

// changesHost reports whether requests have another host behind a handler of headers.
func changesHost(request *headers.HeaderOps) bool {
	if request == nil {
		return false
	}
	names := slices.Concat(slices.Collect(maps.Keys(request.Set)), slices.Collect(maps.Keys(request.Add)), slices.Collect(maps.Keys(request.Replace)), request.Delete)
	return slices.ContainsFunc(names, func(name string) bool {
		is, err := path.Match(strings.ToLower(name), "host")
		return is || err != nil || strings.Contains(name, "{")
	})
}

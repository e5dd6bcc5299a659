package caddymodule

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/gate"
)

// siteAddress is where in the configuration a handler stands. The Caddyfile gives
// a directive no access to the address of its site, and the Host header is the
// visitor's, so it is read off the server that is being provisioned.
type siteAddress struct {
	server string   // name of the server; empty where there is none
	named  bool     // in a named route, which several sites may invoke
	partly []string // the matchers beside hosts of the routes it stands in
	hosts  []string // of the site; empty for a catch-all
	listen []port   // of the server
}

type port struct {
	number int
	tls    bool
}

func (p port) scheme() string {
	if p.tls {
		return "https"
	}
	return "http"
}

// findSiteAddress follows the routes that are being provisioned. In each list that
// is the first route whose handlers were not made yet.
func findSiteAddress(ctx caddy.Context) siteAddress {
	server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if !ok {
		return siteAddress{}
	}
	s := siteAddress{server: server.Name()}
	s.listen = portsOf(httpApp(ctx), server)
	below := s.descend(configured(server.Routes), server.Errors)
	// Named routes come last. Which of them it is, is not known.
	s.named = !below && hasNamedRoutes(server)
	for _, module := range ctx.Modules() {
		if subroute, ok := module.(*caddyhttp.Subroute); ok && below {
			below = s.descend(configured(subroute.Routes), subroute.Errors)
		}
	}
	return s
}

// portsOf are the ports that a server listens at.
func portsOf(app *caddyhttp.App, server *caddyhttp.Server) (ports []port) {
	for _, listener := range server.Listen {
		address, err := caddy.ParseNetworkAddress(listener)
		if err != nil || address.StartPort == 0 {
			continue // the server itself reports a mistake; a Unix socket has no origin
		}
		for number := int(address.StartPort); number <= int(address.EndPort); number++ {
			ports = append(ports, port{number, len(server.TLSConnPolicies) > 0 && number != usualPort(app, "http")})
		}
	}
	return ports
}

// hasNamedRoutes reports whether a server has named routes beside ours.
func hasNamedRoutes(server *caddyhttp.Server) bool {
	_, ours := server.NamedRoutes[edgeRoute]
	return len(server.NamedRoutes) > 1 || len(server.NamedRoutes) == 1 && !ours
}

// descend notes the route that is being provisioned. A route that matches
// hosts narrows down the site.
func (s *siteAddress) descend(routes []caddyhttp.Route, errors *caddyhttp.HTTPErrorConfig) bool {
	if errors != nil {
		routes = slices.Concat(routes, errors.Routes)
	}
	i := slices.IndexFunc(routes, isBeingProvisioned)
	if i < 0 {
		return false
	}
	hosts, partly := coverage(routes[i])
	if len(hosts) > 0 {
		s.hosts = hosts
	}
	s.partly = append(s.partly, partly...)
	return true
}

// isBeingProvisioned is true of routes whose turn is yet to come, too.
func isBeingProvisioned(route caddyhttp.Route) bool {
	return len(route.HandlersRaw) > 0 && len(route.Handlers) == 0
}

// coverage is which hosts a route is for, none for all of them, and by which other matchers
// it is for some requests of a site only, as handle /app/* makes one.
func coverage(route caddyhttp.Route) (hosts, partly []string) {
	everyHost := false
	for _, set := range route.MatcherSets {
		before := len(hosts)
		for _, matcher := range set {
			if named, isHost := hostsOf(matcher); isHost {
				hosts = append(hosts, named...)
			} else if other, ok := matcher.(caddy.Module); ok {
				partly = append(partly, other.CaddyModule().ID.Name())
			}
		}
		everyHost = everyHost || len(hosts) == before
	}
	if everyHost {
		return nil, partly
	}
	return hosts, partly
}

// key is the same for all blocks of a site: those of its handle_errors, and of
// another site that differs from it by path only, among them. Blocks in named
// routes belong together if they name the same origin.
func (s siteAddress) key(url string) string {
	if s.named {
		return s.server + "|&|" + url
	}
	return s.server + "|" + strings.Join(slices.Sorted(slices.Values(s.hosts)), " ")
}

// name is the site as an operator knows it.
func (s siteAddress) name() string {
	if len(s.hosts) > 0 {
		return strings.Join(s.hosts, ", ")
	}
	if s.named {
		return "of a named route"
	}
	return strings.Join(each(s.listen, func(p port) string { return ":" + strconv.Itoa(p.number) }), ", ")
}

// origins are the public origins that it implies. Behind Caddy's own
// http_port and https_port the world may see the usual ones.
func (s siteAddress) origins(app *caddyhttp.App) ([]gate.Origin, error) {
	var origins []gate.Origin
	for _, host := range s.hosts {
		if strings.ContainsAny(host, "*{") {
			return nil, fmt.Errorf("the address %s does not name a single host; say what the public origin is, for example url https://app.example.com, or with url https://*.example.com make each host under the domain an origin of its own", host)
		}
		for _, p := range s.listen {
			for _, candidate := range p.urls(app, host) {
				origin, err := gate.ParseOrigin(candidate)
				if err != nil {
					return nil, fmt.Errorf("url: %w", err)
				}
				if !slices.Contains(origins, origin) {
					origins = append(origins, origin)
				}
			}
		}
	}
	return origins, nil
}

// urls are those of a host at the port, the shortest last.
func (p port) urls(app *caddyhttp.App, host string) []string {
	urls := []string{p.scheme() + "://" + net.JoinHostPort(host, strconv.Itoa(p.number))}
	if p.number == usualPort(app, p.scheme()) {
		urls = append(urls, p.scheme()+"://"+bracketed(host))
	}
	return urls
}

// bracketed is a host as it stands in a URL.
func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// usualPort is the port of a scheme, unless the http app has another for it.
func usualPort(app *caddyhttp.App, scheme string) int {
	if app == nil {
		app = new(caddyhttp.App)
	}
	if scheme == "https" {
		return cmp.Or(app.HTTPSPort, caddyhttp.DefaultHTTPSPort)
	}
	return cmp.Or(app.HTTPPort, caddyhttp.DefaultHTTPPort)
}

package caddymodule

import (
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
	partly bool     // in a route that not all requests of the site reach
	hosts  []string // of the site; empty for a catch-all
	listen []port   // of the server
}

type port struct {
	number uint
	tls    bool
}

// findSiteAddress follows the routes that are being provisioned. In each list that
// is the first route whose handlers were not made yet.
func findSiteAddress(ctx caddy.Context) siteAddress {
	server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if !ok {
		return siteAddress{}
	}
	s := siteAddress{server: server.Name()}
	app := httpApp(ctx)
	for _, listener := range server.Listen {
		address, err := caddy.ParseNetworkAddress(listener)
		if err != nil || address.StartPort == 0 {
			continue // the server itself reports a mistake; a Unix socket has no origin
		}
		tls := len(server.TLSConnPolicies) > 0 && int(address.StartPort) != httpPort(app)
		s.listen = append(s.listen, port{address.StartPort, tls})
	}
	lists := [][]caddyhttp.Route{server.Routes}
	if server.Errors != nil {
		lists = append(lists, server.Errors.Routes)
	}
	below := s.descend(lists)
	// Named routes come last. Which of them it is, is not known.
	s.named = !below && hasNamedRoutes(server)
	for _, module := range ctx.Modules() {
		subroute, ok := module.(*caddyhttp.Subroute)
		if !ok || !below {
			continue
		}
		lists = [][]caddyhttp.Route{subroute.Routes}
		if subroute.Errors != nil {
			lists = append(lists, subroute.Errors.Routes)
		}
		below = s.descend(lists)
	}
	return s
}

// hasNamedRoutes reports whether a server has named routes beside ours.
func hasNamedRoutes(server *caddyhttp.Server) bool {
	_, ours := server.NamedRoutes[edgeRoute]
	return len(server.NamedRoutes) > 1 || len(server.NamedRoutes) == 1 && !ours
}

// descend notes the route that is being provisioned. A route that matches
// hosts narrows down the site.
func (s *siteAddress) descend(lists [][]caddyhttp.Route) bool {
	for _, routes := range lists {
		for _, route := range routes {
			if !isBeingProvisioned(route) {
				continue
			}
			if hosts := hostsOf(route); len(hosts) > 0 {
				s.hosts = hosts
			}
			s.partly = s.partly || matchesMoreThanHosts(route)
			return true
		}
	}
	return false
}

// isBeingProvisioned is true of routes whose turn is yet to come, too.
func isBeingProvisioned(route caddyhttp.Route) bool {
	return len(route.HandlersRaw) > 0 && len(route.Handlers) == 0
}

func hostsOf(route caddyhttp.Route) (hosts []string) {
	for _, set := range route.MatcherSets {
		narrowed := false
		for _, matcher := range set {
			var names []string
			switch m := matcher.(type) {
			case *caddyhttp.MatchHost:
				names = *m
			case caddyhttp.MatchHost:
				names = m
			}
			hosts, narrowed = append(hosts, names...), narrowed || len(names) > 0
		}
		if !narrowed {
			return nil // this set lets every host in
		}
	}
	return hosts
}

// matchesMoreThanHosts reports whether a route is for some requests of a site
// only, as handle /app/* makes one.
func matchesMoreThanHosts(route caddyhttp.Route) bool {
	for _, set := range route.MatcherSets {
		for _, matcher := range set {
			switch matcher.(type) {
			case *caddyhttp.MatchHost, caddyhttp.MatchHost:
			default:
				return true
			}
		}
	}
	return false
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
	var ports []string
	for _, l := range s.listen {
		ports = append(ports, ":"+strconv.FormatUint(uint64(l.number), 10))
	}
	return strings.Join(ports, ", ")
}

// origins are the public origins that it implies. Behind Caddy's own
// http_port and https_port the world may see the usual ones.
func (s siteAddress) origins(app *caddyhttp.App) ([]gate.Origin, error) {
	var origins []gate.Origin
	for _, host := range s.hosts {
		if strings.ContainsAny(host, "*{") {
			return nil, fmt.Errorf("the address %s does not name a single host; say what the public origin is, for example url https://app.example.com", host)
		}
		for _, l := range s.listen {
			scheme := "http"
			if l.tls {
				scheme = "https"
			}
			candidates := []string{scheme + "://" + net.JoinHostPort(host, strconv.FormatUint(uint64(l.number), 10))}
			if l.tls && int(l.number) == httpsPort(app) || !l.tls && int(l.number) == httpPort(app) {
				candidates = append(candidates, scheme+"://"+bracketed(host))
			}
			for _, candidate := range candidates {
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

// bracketed is a host as it stands in a URL.
func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

func httpPort(app *caddyhttp.App) int {
	if app != nil && app.HTTPPort != 0 {
		return app.HTTPPort
	}
	return caddyhttp.DefaultHTTPPort
}

func httpsPort(app *caddyhttp.App) int {
	if app != nil && app.HTTPSPort != 0 {
		return app.HTTPSPort
	}
	return caddyhttp.DefaultHTTPSPort
}

package caddymodule

import (
	"crypto/tls"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// adviseOnTwins says where what a site protects is at another address, too: at another port or
// scheme, in a wildcard site, or at any other host.
func (a *App) adviseOnTwins() (found []adminapi.Finding) {
	app := httpApp(a.ctx)
	if app == nil {
		return nil
	}
	var twins []*twin
	for _, name := range slices.Sorted(maps.Keys(app.Servers)) {
		server := app.Servers[name]
		if ports := portsOf(app, server); len(ports) > 0 && isPublic(server) {
			twins = append(twins, (&edge{app: a, server: server, routes: server.Routes}).twins(ports[0])...)
		}
	}
	for _, key := range a.siteKeys() {
		s := a.sites[key]
		closed := s.closedAt(a.ctx, s.edge.findPaths(s.originHosts()))
		var leaks []leak
		for _, t := range twins {
			i := slices.IndexFunc(t.hosts, func(host string) bool {
				return t.edge.server != s.edge.server || !slices.Contains(s.originHosts(), host)
			})
			serves := func(c way) bool { _, common := folderBelow(t.sources, c.sources); return common }
			varies := slices.ContainsFunc(t.sources, func(s contentSource) bool { return strings.Contains(s.from+s.folder, "{") })
			if i >= 0 && (varies || slices.ContainsFunc(closed, serves)) && !asksForCertificate(a.ctx, t.edge.server, t.hosts[i]) {
				host := t.hosts[i : i+1]
				urls := t.port.urls(app, host[0])
				t.routes = t.edge.routesFor(host)
				leaks = append(leaks, s.leaksAt(a.ctx, &t.site, urls[len(urls)-1], closed, t.edge.findPaths(host))...)
			}
		}
		found = append(found, s.adviseOnLeaks(leaks)...)
	}
	return found
}

// twin are the hosts of some routes of a server, and where answers there come from.
type twin struct {
	site
	port    port
	sources []contentSource
}

// twins are those of all routes of the server that answer, one for each list of hosts.
func (e *edge) twins(at port) (all []*twin) {
	byHosts := make(map[string]*twin)
	for _, answer := range e.lookUp(nil) {
		hosts := []string{"*"}
		for _, route := range answer.on {
			if named, _ := coverage(route); len(named) > 0 {
				hosts = withEnvironment(named)
			}
		}
		key := strings.Join(hosts, " ")
		if strings.Contains(key, "{") {
			continue
		}
		if byHosts[key] == nil {
			byHosts[key] = &twin{site: site{edge: e, hosts: hosts}, port: at}
			all = append(all, byHosts[key])
		}
		byHosts[key].sources = append(byHosts[key].sources, answer.sources...)
	}
	return all
}

// isPublic reports whether a server listens for more than this machine and a private network.
func isPublic(server *caddyhttp.Server) bool {
	return slices.ContainsFunc(server.Listen, func(listener string) bool {
		address, err := caddy.ParseNetworkAddress(listener)
		ip, _ := netip.ParseAddr(address.Host)
		return err == nil && address.Host != "localhost" && !ip.IsLoopback() && !ip.IsPrivate()
	})
}

// asksForCertificate reports whether a server lets nobody connect to a host who has no certificate.
func asksForCertificate(ctx caddy.Context, server *caddyhttp.Server, host string) bool {
	conn, _ := net.Pipe() // a matcher may look at the address of the other end
	defer conn.Close()
	config, err := server.TLSConnPolicies.TLSConfig(ctx).GetConfigForClient(&tls.ClientHelloInfo{ServerName: strings.Replace(host, "*", "any", 1), Conn: conn})
	return err == nil && config != nil && (config.ClientAuth == tls.RequireAnyClientCert || config.ClientAuth == tls.RequireAndVerifyClientCert)
}

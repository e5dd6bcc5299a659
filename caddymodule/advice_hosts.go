package caddymodule

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/gate"
)

// maxHostsTried bounds how many examples are made of one block's paths and hosts.
const maxHostsTried = 400

// adviseOnHosts says which blocks are passed by with a Host in capital letters, or with its
// port: other matchers than host tell these apart, and hosts are the same. Of a site with many
// hosts and paths each host is tried, and each path, but not all of both.
func (e *edge) adviseOnHosts(ctx context.Context, s *site, paths []string) []adminapi.Finding {
	origins, paths := s.origins.All(), append(paths, "/x")
	for i, origin := range origins {
		for j, pattern := range paths {
			if i > 0 && j < len(paths)-1 && len(origins)*len(paths) > maxHostsTried {
				continue
			}
			to := origin.String() + examplePath(pattern)
			closed := e.courseTo(ctx, s, http.MethodGet, to, "", asRouted)
			for _, host := range otherHosts(origin) {
				if closed.gate != nil && e.courseTo(ctx, s, http.MethodGet, to, host, asRouted).opens(closed) {
					return []adminapi.Finding{closed.gate.Lines.warning(directive, "site "+s.name(),
						fmt.Sprintf("doorpost does not come before a request with the Host %s, which is open to anyone: header, expression and vars tell capital letters and the port apart", host),
						"match hosts with the matcher host, for example @app host "+s.originHosts()[0])}
				}
			}
		}
	}
	return nil
}

// otherHosts are other ways to write the Host of an origin, which Caddy takes for the same.
func otherHosts(o gate.Origin) []string {
	host := strings.Replace(o.HostPort(), "*", "any", 1)
	upper := strings.ToUpper(host)
	switch {
	case o.Port() != "":
		return []string{upper, strings.TrimSuffix(host, ":"+o.Port())}
	case o.IsSecure():
		return []string{upper, host + ":443"}
	}
	return []string{upper, host + ":80"}
}

package caddymodule

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/gate"
)

// adviseOnHosts says which blocks are passed by with a Host in capital letters, or with its
// port: other matchers than host tell these apart, and hosts are the same.
func (e *edge) adviseOnHosts(ctx context.Context) (found []adminapi.Finding) {
	for _, s := range e.gatedSites() {
		if h, other := e.missesHost(ctx, s); h != nil {
			found = append(found, h.Lines.warning(directive, "site "+s.name(),
				fmt.Sprintf("doorpost does not come before a request with the Host %s, which is open to anyone: header, expression and vars tell capital letters and the port apart", other),
				"match hosts with the matcher host, for example @app host "+s.originHosts()[0]))
		}
	}
	return found
}

// missesHost is a block of a site that does not meet a request with another way to write its
// Host, and that way; nil for none.
func (e *edge) missesHost(ctx context.Context, s *site) (h *Handler, other string) {
	patterns := append(e.paths(s), "/x")
	for _, origin := range s.origins.All() {
		for _, pattern := range patterns {
			to := origin.String() + examplePath(pattern)
			closed := e.courseTo(ctx, s, http.MethodGet, to, "")
			for _, host := range otherHosts(origin) {
				if closed.gate != nil && e.courseTo(ctx, s, http.MethodGet, to, host).opens(closed) {
					return closed.gate, host
				}
			}
		}
	}
	return nil, ""
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

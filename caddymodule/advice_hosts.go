package caddymodule

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/fileserver"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/gate"
)

// adviseOnHosts says which blocks are passed by with a Host in capital letters, or with its
// port: other matchers than host tell these apart, and hosts are the same.
func (e *edge) adviseOnHosts(ctx context.Context, s *site, paths []string) []adminapi.Finding {
	if !e.tellsHosts(s) {
		return nil
	}
	h, other := e.missesHost(ctx, s, append(paths, "/x"))
	if h == nil {
		return nil
	}
	return []adminapi.Finding{h.Lines.warning(directive, "site "+s.name(),
		fmt.Sprintf("doorpost does not come before a request with the Host %s, which is open to anyone: header, expression and vars tell capital letters and the port apart", other),
		"match hosts with the matcher host, for example @app host "+s.originHosts()[0])}
}

// tellsHosts reports whether something at a site may tell ways to write its host apart: few
// sites have any, and trying each path at each host takes long.
func (e *edge) tellsHosts(s *site) (tells bool) {
	e.walkTo(requests{hosts: s.originHosts()}, func(at step) fit {
		tells = tells || mayTellHosts(at.on[len(at.on)-1].MatcherSets)
		if h, ours := at.handler.(*Handler); ours {
			tells = tells || mayTellHosts(h.matchers)
		}
		if r, rewrites := at.rewrite(); rewrites {
			tells = tells || mayHoldHost(r.URI)
		}
		if vars, ok := at.handler.(*caddyhttp.VarsMiddleware); ok { // such as the root of files
			tells = tells || mayHoldHost(fmt.Sprint(*vars))
		}
		return never
	})
	return tells
}

// mayHoldHost reports whether a text has placeholders of more than the path.
func mayHoldHost(text string) bool {
	return slices.ContainsFunc(placeholdersIn(text), func(key string) bool {
		return !slices.ContainsFunc([]string{"http.request.uri", "http.regexp.", "http.matchers.file.", "http.vars.root"}, func(of string) bool { return strings.HasPrefix(key, of) })
	})
}

// mayTellHosts reports whether some matchers may look at how the host is written.
func mayTellHosts(sets caddyhttp.MatcherSets) bool {
	return slices.ContainsFunc(sets, func(set caddyhttp.MatcherSet) bool {
		return slices.ContainsFunc(set, func(matcher any) bool {
			switch m := matcher.(type) {
			case caddyhttp.MatchHost, *caddyhttp.MatchHost, caddyhttp.MatchPathRE, *caddyhttp.MatchPathRE, caddyhttp.MatchMethod, *caddyhttp.MatchMethod,
				caddyhttp.MatchProtocol, *caddyhttp.MatchProtocol, caddyhttp.MatchRemoteIP, *caddyhttp.MatchRemoteIP, caddyhttp.MatchClientIP, *caddyhttp.MatchClientIP:
				return false
			case caddyhttp.MatchPath:
				return slices.ContainsFunc(m, mayHoldHost)
			case *caddyhttp.MatchPath:
				return slices.ContainsFunc(*m, mayHoldHost)
			case *fileserver.MatchFile:
				return slices.ContainsFunc(append(slices.Clip(m.TryFiles), m.Root), mayHoldHost)
			case *caddyhttp.MatchHeader:
				return mayHoldHost(fmt.Sprint(*m)) || slices.ContainsFunc(slices.Collect(maps.Keys(*m)), func(name string) bool { return strings.EqualFold(name, "Host") })
			case caddyhttp.MatchNot:
				return mayTellHosts(m.MatcherSets)
			case *caddyhttp.MatchNot:
				return mayTellHosts(m.MatcherSets)
			}
			return true
		})
	})
}

// missesHost is a block of a site that does not meet a request with another way to write its
// Host, and that way; nil for none.
func (e *edge) missesHost(ctx context.Context, s *site, paths []string) (h *Handler, other string) {
	for _, origin := range s.origins.All() {
		for _, pattern := range paths {
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

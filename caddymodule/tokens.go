package caddymodule

import (
	"maps"
	"net/http"
	"slices"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// tokenKinds are the values of the option tokens.
var tokenKinds = map[string]gate.Tokens{"": gate.NoTokens, "service": gate.ServiceTokens, "people": gate.PersonalTokens}

// readTokens reads the option tokens, whose value people may be left out.
func (h *Handler) readTokens(d *caddyfile.Dispenser) error {
	h.Tokens = "service"
	switch args := d.RemainingArgs(); {
	case len(args) == 1 && args[0] == "people":
		h.Tokens = "people"
	case len(args) > 0:
		return d.Errf("tokens takes nothing, or the word people, which lets in the tokens that people make, too; not %q", args[0])
	}
	return nil
}

// tokenSites are the origins of the sites that take tokens, in order.
func (a *App) tokenSites() gate.Origins {
	var all []gate.Origin
	for _, key := range a.siteKeys() {
		s := a.sites[key]
		if slices.ContainsFunc(s.handlers, func(h *Handler) bool { return h.Tokens != "" }) {
			all = append(all, s.origins.All()...)
		}
	}
	origins, _ := gate.NewOrigins(all)
	return origins
}

// tokenSitesFor are the sites for which somebody may make tokens for themselves at a site:
// that one, or at the portal all that admit them. Wildcards stand for hosts that nobody can
// list: of those there are the ones where the person has been.
func (a *App) tokenSitesFor(at *site) func(of *session.Session, been []gate.Origin) []gate.Origin {
	return func(of *session.Session, been []gate.Origin) (list []gate.Origin) {
		for _, key := range a.siteKeys() {
			s := a.sites[key]
			takes := slices.ContainsFunc(s.handlers, func(h *Handler) bool {
				return h.Tokens == "people" && h.rules.Admits(of.Address, of.Standing())
			})
			if !takes || s != at && at != a.portalSite {
				continue
			}
			for _, origin := range slices.Concat(s.origins.All(), been) {
				if s.origins.Have(origin) && origin != a.portal && !slices.Contains(list, origin) {
					list = append(list, origin)
				}
			}
		}
		return list
	}
}

// noteNewNetwork tells the audit log of a token that is used from a network for the first
// time.
func (a *App) noteNewNetwork(r *http.Request, s *session.Session) {
	client := clientIP(r)
	a.opened.audit.Record(audit.WithRequest(r.Context(), client), audit.TokenSeen, s.Address,
		"token", string(s.Token().ID), "name", s.Token().Name, "network", session.NetworkOf(client).String())
}

// The verdicts of doorpost_tokens_total beside the problems.
const (
	tokenPassed      = "pass"
	tokenNotAdmitted = "not_admitted"
	tokenUnchecked   = "unavailable"
)

var tokenProblems = map[gate.TokenProblem]string{
	gate.TwoTokens: "several", gate.TokenInURL: "in_url", gate.TokensOff: "off", gate.PersonalOff: "personal_off",
	gate.TokenUnknown: "unknown", gate.TokenOver: "expired", gate.TokenSite: "site", gate.TokenPath: "path",
	gate.TokenMethod: "method", gate.TokenNetwork: "network", gate.TokenMalformed: "malformed",
}

func tokenVerdicts() []string {
	return append(slices.Sorted(maps.Values(tokenProblems)), tokenPassed, tokenNotAdmitted, tokenUnchecked)
}

// noteToken counts a request with a token.
func noteToken(visit *gate.Visit, verdict gate.Verdict) {
	switch verdict {
	case gate.Pass:
		tokensTotal.WithLabelValues(tokenPassed).Inc()
	case gate.NotAdmitted:
		tokensTotal.WithLabelValues(tokenNotAdmitted).Inc()
	case gate.Unavailable:
		tokensTotal.WithLabelValues(tokenUnchecked).Inc()
	case gate.TokenRefused:
		tokensTotal.WithLabelValues(tokenProblems[visit.Problem()]).Inc()
	}
}

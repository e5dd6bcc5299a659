package caddymodule

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/web"
)

// requirePasskey is the value of the option require.
const requirePasskey = "passkey"

// checkRequire makes sure that the proof which is asked for can be given.
func (h *Handler) checkRequire() error {
	switch {
	case h.Require == "":
	case h.Require != requirePasskey:
		return fmt.Errorf("require: %q is not a proof that can be asked for; write require passkey", h.Require)
	case !*h.app.Passkeys:
		return errors.New("require passkey: the global option says passkeys off, so nobody could make one; leave one of the two out")
	}
	return nil
}

// checkNames makes sure that browsers can have passkeys for the site where a block requires one,
// and that they are for all of it: the first passkey of each domain is made by mail, so a second
// domain of the same app would be a way round those of the first.
func (s *site) checkNames(a *App, h *Handler) error {
	if h.Require == "" {
		return nil
	}
	only := ""
	for _, origin := range s.origins.All() {
		domain, ok := passkey.Domain(origin.Host(), a.passkeyDomain())
		switch {
		case !ok && a.portal != (gate.Origin{}):
			return fmt.Errorf("require passkey: the portal %s has no name, and browsers have passkeys for names only; give it one, such as localhost on this machine", a.portal)
		case !ok:
			return fmt.Errorf("require passkey: %s has no name, and browsers have passkeys for names only; give the site one, such as localhost on this machine", origin)
		case strings.HasPrefix(domain, "*"), only != "" && domain != only:
			return fmt.Errorf("require passkey: the site has several hosts, such as %s, and a passkey is for one, so that mail would make a first one at each of them; write portal, or session { cookie_domain … }, in the global option, for one passkey for all, or give each host a site of its own", origin.Host())
		}
		only = domain
	}
	return nil
}

// requiring are the sites that somebody may enter, but not everywhere without a passkey: with an
// origin of each, whose passkeys are for all of it, see checkNames. They are those of anybody
// if no address is given.
func (a *App) requiring(who address.Address, standing *people.Standing) (places []web.Place) {
	for _, key := range a.siteKeys() {
		s := a.sites[key]
		required := func(h *Handler) bool { return h.Require != "" && (who == "" || h.rules.Admits(who, standing)) }
		if slices.ContainsFunc(s.handlers, required) {
			places = append(places, web.Place{Origin: s.origins.All()[0], People: s.servesPeople()})
		}
	}
	return places
}

// adviseOnOwners says which owners can make no passkey where their decisions take one. Groups of
// the store may admit somebody, too.
func (a *App) adviseOnOwners() (found []adminapi.Finding) {
	domain := func(o gate.Origin) string { d, _ := passkey.Domain(o.Host(), a.passkeyDomain()); return d }
	required := each(a.requiring("", nil), func(p web.Place) string { return domain(p.Origin) })
	for _, key := range a.siteKeys() {
		s := a.sites[key]
		rules := s.rules()
		if a.passkeyDomain() != "" {
			rules = behindPortal{a}.rules()
		}
		for _, h := range s.handlers {
			for _, owner := range h.rules.Owners() {
				enters := func(w people.Way) bool { return w.Open || len(w.Groups) > 0 }
				if slices.Contains(required, domain(s.origins.All()[0])) && !slices.ContainsFunc(rules.Admission(owner).Ways, enters) {
					found = append(found, h.Lines.warning("ask", "site "+s.name(),
						fmt.Sprintf("ask: %s may not sign in, and where a passkey is required their decisions take one of theirs", owner),
						"name them in allow, too, or ask somebody that it names"))
				}
			}
		}
	}
	return found
}

// passkeyDomain is the domain that all passkeys are for; empty: those of each site for its own.
func (a *App) passkeyDomain() string { return cmp.Or(a.portal.Host(), a.Session.CookieDomain) }

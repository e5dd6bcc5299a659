package caddymodule

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/session"
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

// checkNames makes sure that browsers can have passkeys for the site where a block requires one.
func (s *site) checkNames(a *App, h *Handler) error {
	if h.Require == "" {
		return nil
	}
	for _, origin := range s.origins.All() {
		if _, ok := passkey.Domain(origin.Host(), a.passkeyDomain()); !ok {
			return fmt.Errorf("require passkey: %s has no name, and browsers have passkeys for names only; give the site one, such as localhost on this machine", origin)
		}
	}
	return nil
}

// requiring are the domains of the passkeys without which somebody does not get everywhere
// that they may enter. A wildcard stands for each of its hosts.
func (a *App) requiring(of *session.Session) (domains []string) {
	for _, key := range a.siteKeys() {
		s := a.sites[key]
		required := func(h *Handler) bool { return h.Require != "" && h.rules.Admits(of.Address, of.Standing()) }
		if slices.ContainsFunc(s.handlers, required) {
			for _, origin := range s.origins.All() {
				domain, _ := passkey.Domain(origin.Host(), a.passkeyDomain())
				domains = append(domains, domain)
			}
		}
	}
	return domains
}

// passkeyDomain is the domain that all passkeys are for; empty: those of each site for its own.
func (a *App) passkeyDomain() string { return cmp.Or(a.portal.Host(), a.Session.CookieDomain) }

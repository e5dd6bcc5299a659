package caddymodule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/gate"
)

func (a *App) provisionPortal() error {
	if a.Portal == "" {
		return nil
	}
	given, err := resolve("portal", a.Portal)
	if err == nil {
		a.portal, err = parsePortal(given)
	}
	switch {
	case err != nil:
		return wrong("portal", err)
	case a.Session.CookieDomain != "":
		return named("portal", errPortalAndDomain)
	}
	a.advise(a.adviseOnLogo(a.Brand, a.Lines))
	return nil
}

var errPortalAndDomain = errors.New("portal and session cookie_domain exclude each other: with a portal each site has a cookie of its own; leave cookie_domain out")

// parsePortal reads the origin of the portal. The errors of a site's origin speak of url.
func parsePortal(given string) (gate.Origin, error) {
	origin, err := gate.ParseOrigin(given)
	if err != nil {
		return origin, fmt.Errorf("%q is not the origin of one host, such as https://login.example.com; only on loopback may it be http", given)
	}
	return origin, nil
}

// checkPortalAddress makes sure that the site of the portal has its origin, or, where
// something in front of Caddy speaks TLS, its host.
func (a *App) checkPortalAddress(ctx caddy.Context, where siteAddress) error {
	switch matchers := slices.Compact(slices.Sorted(slices.Values(where.partly))); {
	case slices.Equal(matchers, []string{"path"}):
		return errors.New("the path before it keeps requests from it, and the portal answers all of its site; leave the path out")
	case len(matchers) > 0:
		return fmt.Errorf("the matcher %s before it may keep requests from it, and the portal answers all of its site; leave it out, or if it is there for the host write @login host %s", strings.Join(matchers, ", "), a.portal.Host())
	}
	if len(where.hosts) > 1 {
		return fmt.Errorf("this site is %s, and the portal has one address; leave only %s", where.name(), a.portal)
	}
	if origins, err := where.origins(httpApp(ctx)); err == nil && slices.Contains(origins, a.portal) {
		return nil
	}
	speaksPlain := slices.ContainsFunc(where.listen, func(p port) bool { return !p.tls })
	if a.portal.IsSecure() && speaksPlain && slices.Contains(where.hosts, a.portal.Host()) {
		return nil
	}
	return fmt.Errorf("this site is %s, and the global option says portal %s%s; give the site that address, or the option this one", where.name(), a.portal, alsoAt(a.Lines.of("portal")))
}

// portalOrigin is the origin of the portal, empty for none.
func (a *App) portalOrigin() string {
	if a.portal == (gate.Origin{}) {
		return ""
	}
	return a.portal.String()
}

// checkOnlyPortal refuses doorpost at the origin of the portal. Wildcards do not stand for it.
func (a *App) checkOnlyPortal() error {
	for _, s := range a.sites {
		if slices.Contains(s.origins.All(), a.portal) && a.portalSite != nil {
			return fmt.Errorf("doorpost%s and doorpost_portal%s both serve %s; an app gets an origin of its own: give it a site of another address, or leave doorpost out", alsoAt(s.handlers[0].Lines.of("url")), alsoAt(a.portalLines.of(directive)), a.portal)
		}
	}
	return nil
}

// checkPortal refuses a configuration in which no site is the portal. It is called when
// a server is done; others may come, whose handlers are not made yet.
func (a *App) checkPortal() error {
	if a.portal == (gate.Origin{}) || a.portalSite != nil {
		return nil
	}
	if h := httpApp(a.ctx); h != nil {
		for _, server := range h.Servers {
			if written, err := json.Marshal(server.Routes); err == nil && bytes.Contains(written, []byte(`"`+portalHandler+`"`)) {
				return nil
			}
		}
	}
	return a.Lines.atLine(named("portal", fmt.Errorf("the global option says portal %s, and no site is the portal; add one: %s { doorpost_portal }", a.portal, a.portal)))
}

package caddymodule

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/gate"
)

// siteFor finds the site that an origin is one of, or the only site there is, with that
// origin.
func (a *App) siteFor(given string) (s *site, origin string, err error) {
	for _, key := range a.siteKeys() {
		s := a.sites[key]
		if first := s.origins.All()[0]; given == "" && len(a.sites) == 1 && !first.IsWildcard() {
			return s, first.String(), nil
		}
		if o, err := gate.ParseOrigin(given); err == nil && s.origins.Have(o) {
			return s, o.String(), nil
		}
	}
	if given == "" {
		return nil, "", apiError(http.StatusBadRequest, "say for which site; there are: %s", a.originList())
	}
	if o, err := gate.ParseOrigin(given); err == nil && o == a.portal {
		return nil, "", apiError(http.StatusNotFound, "%s is the portal, which leads to all sites; name one of them: %s", o, a.originList())
	}
	return nil, "", apiError(http.StatusNotFound, "no site has that origin; there are: %s", a.originList())
}

// findTarget reads the URL of an order and finds the site that it is of.
func (a *App) findTarget(order adminapi.WhyOrder) (*url.URL, *site, error) {
	target, err := order.Target()
	if err != nil {
		return nil, nil, err
	}
	if target.Path == "" {
		target.Path = "/"
	}
	target.User, target.Fragment, target.RawFragment = nil, "", ""
	s, _, err := a.siteFor(originOf(target))
	return target, s, err
}

// originOf is the origin of a URL as sites have them.
func originOf(target *url.URL) string {
	origin, err := gate.ParseOrigin(target.Scheme + "://" + target.Host)
	if err != nil {
		return target.Scheme + "://" + target.Host // which no site has
	}
	return origin.String()
}

// originList lists the origins of all sites for an operator.
func (a *App) originList() string {
	return strings.Join(each(a.origins(), gate.Origin.String), ", ")
}

package caddymodule

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// behindPortal are the sites that share the portal. It implements web.Sites.
type behindPortal struct{ app *App }

func (b behindPortal) find(origin gate.Origin) *site {
	for _, s := range b.app.sites {
		if s.origins.Have(origin) && origin != b.app.portal { // which a wildcard may stand for
			return s
		}
	}
	return nil
}

func (b behindPortal) Find(origin gate.Origin) (signin.Site, bool) {
	s := b.find(origin)
	if s == nil {
		return signin.Site{}, false
	}
	return signin.Site{Origin: origin.String(), Name: s.name(), Rules: s.rules()}, true
}

func (b behindPortal) Toward(origin gate.Origin) signin.Site {
	s := b.find(origin)
	return signin.Site{Origin: origin.String(), Name: s.name(), Rules: b.rules().Behind(s.rules())}
}

func (b behindPortal) Views(origin gate.Origin) *view.Views { return b.find(origin).views }

// rules are those of all sites.
func (b behindPortal) rules() (all people.AnyOf) {
	for _, key := range b.app.siteKeys() {
		all = append(all, b.app.sites[key].rules()...)
	}
	return all
}

func (b behindPortal) Outlived(origin gate.Origin, of *session.Session) bool {
	_, absolute := b.find(origin).limits(b.app.Session)
	return time.Since(of.SignedIn()) >= absolute
}

func (b behindPortal) Admitting(of *session.Session) (list []gate.Origin) {
	for _, key := range b.app.siteKeys() {
		s := b.app.sites[key]
		if first := s.origins.All()[0]; !first.IsWildcard() && s.rules().Admits(of.Address, of.Standing()) {
			list = append(list, first)
		}
	}
	return list
}
